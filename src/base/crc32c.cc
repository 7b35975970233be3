// The crc32 instruction has this polynomial. Two methods go faster than one instruction after the
// other; both rest on this: the remainder of A·B is that of B plus A's remainder times x^(8·|B|)
// mod P, and a carry-less multiplication does the "times".
//   three runs  compute three neighbouring runs at once, then move the first two over what follows
//   them vpclmul     keep 256 bytes of input as they are and move them over the next 256, 64 at a
//   time (AVX-512)
// Intel, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ", 2009.
#include "base/crc32c.h"

#include <immintrin.h>

#include "base/endian.h"

namespace weir {
namespace {

using ExtendFunction = uint32_t (*)(uint32_t state, const char* at, size_t size);

/// x^n mod P, bits reflected as the CRC is.
consteval uint64_t PowerOfX(int n) {
  constexpr uint32_t kPolynomial = 0x82f63b78;  // 0x1edc6f41 reflected
  uint32_t power = 0x80000000;
  while (n-- > 0) power = power >> 1 ^ ((power & 1) != 0 ? kPolynomial : 0);
  return power;
}

/// The pair of factors that moves 16 bytes ahead by `bytes`: for their first and their last 8
/// bytes. One less than the distance, because the product of two reflected numbers comes out
/// shifted by one.
consteval uint64_t FirstFactor(int bytes) { return PowerOfX(8 * bytes + 32 - 1); }
consteval uint64_t LastFactor(int bytes) { return PowerOfX(8 * bytes - 32 - 1); }
static_assert(FirstFactor(16) == 0xf20c0dfe && LastFactor(16) == 0x493c7d27);

uint32_t ExtendByInstruction(uint32_t state, const char* at, size_t size) {
  uint64_t wide = state;
  for (; size >= 8; at += 8, size -= 8) wide = _mm_crc32_u64(wide, LoadLe<uint64_t>(at));
  state = static_cast<uint32_t>(wide);
  for (; size > 0; ++at, --size) state = _mm_crc32_u8(state, static_cast<uint8_t>(*at));
  return state;
}

uint32_t StateOf(__m128i folded) {
  const auto first = static_cast<uint64_t>(_mm_cvtsi128_si64(folded));
  const auto last = static_cast<uint64_t>(_mm_extract_epi64(folded, 1));
  return static_cast<uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, first), last));
}

template <int kBytes>
__attribute__((target("pclmul"))) __m128i Fold16(__m128i ahead, __m128i onto) {
  const __m128i factors = _mm_set_epi64x(LastFactor(kBytes), FirstFactor(kBytes));
  const __m128i first = _mm_clmulepi64_si128(ahead, factors, 0x00);
  const __m128i last = _mm_clmulepi64_si128(ahead, factors, 0x11);
  return _mm_xor_si128(_mm_xor_si128(first, last), onto);
}

/// The state after `kBytes` zero bytes more.
template <int kBytes>
__attribute__((target("pclmul"))) uint32_t SkipZeros(uint32_t state) {
  constexpr uint64_t kFactor = PowerOfX(8 * kBytes - 32 - 1);
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128(static_cast<int>(state)),
                                               _mm_cvtsi64_si128(kFactor), 0);
  return static_cast<uint32_t>(_mm_crc32_u64(0, static_cast<uint64_t>(_mm_cvtsi128_si64(product))));
}

/// Three neighbouring runs of `kBytes` at once: the crc32 instruction takes three cycles but starts
/// every cycle.
template <int kBytes>
__attribute__((target("pclmul"))) uint32_t ExtendByThree(uint32_t state, const char*& at,
                                                         size_t& size) {
  for (; size >= 3 * kBytes; at += 3 * kBytes, size -= 3 * kBytes) {
    uint64_t a = state;
    uint64_t b = 0;
    uint64_t c = 0;
    for (int i = 0; i < kBytes; i += 8) {
      a = _mm_crc32_u64(a, LoadLe<uint64_t>(at + i));
      b = _mm_crc32_u64(b, LoadLe<uint64_t>(at + kBytes + i));
      c = _mm_crc32_u64(c, LoadLe<uint64_t>(at + 2 * kBytes + i));
    }
    state = SkipZeros<2 * kBytes>(static_cast<uint32_t>(a)) ^
            SkipZeros<kBytes>(static_cast<uint32_t>(b)) ^ static_cast<uint32_t>(c);
  }
  return state;
}

__attribute__((target("pclmul"))) uint32_t ExtendByThreeRuns(uint32_t state, const char* at,
                                                             size_t size) {
  state = ExtendByThree<2048>(state, at, size);
  state = ExtendByThree<128>(state, at, size);
  return ExtendByInstruction(state, at, size);
}

#define WEIR_TARGET_VPCLMUL __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul")))

template <int kBytes>
WEIR_TARGET_VPCLMUL __m512i Fold64(__m512i ahead, __m512i onto) {
  const __m512i factors =
      _mm512_broadcast_i32x4(_mm_set_epi64x(LastFactor(kBytes), FirstFactor(kBytes)));
  const __m512i first = _mm512_clmulepi64_epi128(ahead, factors, 0x00);
  const __m512i last = _mm512_clmulepi64_epi128(ahead, factors, 0x11);
  constexpr int kXorOfThree = 0x96;
  return _mm512_ternarylogic_epi64(first, last, onto, kXorOfThree);
}

WEIR_TARGET_VPCLMUL uint32_t ExtendByVpclmul(uint32_t state, const char* at, size_t size) {
  constexpr int kLanes = 4;
  constexpr size_t kBlock = kLanes * 64;
  if (size < kBlock) return ExtendByInstruction(state, at, size);
  __m512i lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = _mm512_loadu_si512(at + i * 64);
  const __m128i start = _mm_cvtsi32_si128(static_cast<int>(state));
  lanes[0] = _mm512_xor_si512(lanes[0], _mm512_zextsi128_si512(start));
  for (at += kBlock, size -= kBlock; size >= kBlock; at += kBlock, size -= kBlock) {
    for (int i = 0; i < kLanes; ++i)
      lanes[i] = Fold64<kBlock>(lanes[i], _mm512_loadu_si512(at + i * 64));
  }
  __m512i wide = lanes[0];
  for (int i = 1; i < kLanes; ++i) wide = Fold64<64>(wide, lanes[i]);
  for (; size >= 64; at += 64, size -= 64) wide = Fold64<64>(wide, _mm512_loadu_si512(at));
  __m128i folded = _mm512_extracti32x4_epi32(wide, 0);
  folded = Fold16<16>(folded, _mm512_extracti32x4_epi32(wide, 1));
  folded = Fold16<16>(folded, _mm512_extracti32x4_epi32(wide, 2));
  folded = Fold16<16>(folded, _mm512_extracti32x4_epi32(wide, 3));
  return ExtendByInstruction(StateOf(folded), at, size);
}

ExtendFunction Fastest() {
  __builtin_cpu_init();
  const bool pclmul = __builtin_cpu_supports("pclmul");
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                    __builtin_cpu_supports("vpclmulqdq");
  if (wide && pclmul) return ExtendByVpclmul;
  return pclmul ? ExtendByThreeRuns : ExtendByInstruction;
}

}  // namespace

uint32_t ExtendCrc32c(uint32_t crc, BytesView bytes) {
  static const ExtendFunction extend = Fastest();
  return ~extend(~crc, bytes.data(), bytes.size());
}

uint32_t ExtendCrc32cWith(Crc32cMethod method, uint32_t crc, BytesView bytes) {
  __builtin_cpu_init();
  switch (method) {
    case Crc32cMethod::kInstruction:
      break;
    case Crc32cMethod::kThreeRuns:
      return ~ExtendByThreeRuns(~crc, bytes.data(), bytes.size());
    case Crc32cMethod::kVpclmul:
      if (Fastest() == ExtendByVpclmul) return ~ExtendByVpclmul(~crc, bytes.data(), bytes.size());
  }
  return ~ExtendByInstruction(~crc, bytes.data(), bytes.size());
}

}  // namespace weir
