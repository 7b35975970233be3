// Makes and reads log batches with the released Java client, so that our tests take their truth from it.
//   java -cp fluss-client-1.0.0.jar LogBatches.java make DIR         batches, and texts of the rows in them
//   java -cp fluss-client-1.0.0.jar LogBatches.java read SHAPE FILE  print the rows of batches somebody else made
// SHAPE is one of the names in shape(). The text form is that of src/record/golden_batches.h.
import java.io.*;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.fluss.compression.*;
import org.apache.fluss.memory.*;
import org.apache.fluss.metadata.*;
import org.apache.fluss.record.*;
import org.apache.fluss.record.bytesview.BytesView;
import org.apache.fluss.row.*;
import org.apache.fluss.row.arrow.*;
import org.apache.fluss.row.compacted.CompactedRow;
import org.apache.fluss.row.encode.RowEncoder;
import org.apache.fluss.row.indexed.IndexedRow;
import org.apache.fluss.shaded.arrow.org.apache.arrow.memory.RootAllocator;
import org.apache.fluss.shaded.netty4.io.netty.buffer.ByteBuf;
import org.apache.fluss.types.*;
import org.apache.fluss.utils.CloseableIterator;

public class LogBatches {
  static DataField field(String name, DataType type) { return DataTypes.FIELD(name, type); }
  static BinaryString text(String text) { return BinaryString.fromString(text); }

  static RowType shape(String name) {
    switch (name) {
      case "small":
        return DataTypes.ROW(field("a", DataTypes.INT()), field("b", DataTypes.STRING()),
            field("ts", DataTypes.TIMESTAMP_LTZ(6)));
      case "wide":
        return DataTypes.ROW(field("id", DataTypes.BIGINT()), field("name", DataTypes.STRING()),
            field("score", DataTypes.DOUBLE()), field("flag", DataTypes.BOOLEAN()));
      case "types":
        return DataTypes.ROW(field("bool", DataTypes.BOOLEAN()), field("tiny", DataTypes.TINYINT()),
            field("small", DataTypes.SMALLINT()), field("int", DataTypes.INT()),
            field("big", DataTypes.BIGINT()), field("float", DataTypes.FLOAT()),
            field("double", DataTypes.DOUBLE()), field("char", DataTypes.CHAR(4)),
            field("string", DataTypes.STRING()), field("binary", DataTypes.BINARY(3)),
            field("bytes", DataTypes.BYTES()), field("dec_small", DataTypes.DECIMAL(10, 2)),
            field("dec_large", DataTypes.DECIMAL(25, 3)), field("date", DataTypes.DATE()),
            field("time_s", DataTypes.TIME(0)), field("time_ms", DataTypes.TIME(3)),
            field("time_us", DataTypes.TIME(6)), field("time_ns", DataTypes.TIME(9)),
            field("ts_s", DataTypes.TIMESTAMP(0)), field("ts_ms", DataTypes.TIMESTAMP(3)),
            field("ts_us", DataTypes.TIMESTAMP(6)), field("ts_ns", DataTypes.TIMESTAMP(9)),
            field("ltz_ms", DataTypes.TIMESTAMP_LTZ(3)), field("ltz_us", DataTypes.TIMESTAMP_LTZ(6)),
            field("ints", DataTypes.ARRAY(DataTypes.INT())),
            field("strings", DataTypes.ARRAY(DataTypes.STRING())),
            field("map", DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT())),
            field("row", DataTypes.ROW(field("x", DataTypes.INT()), field("y", DataTypes.STRING()))),
            field("rows", DataTypes.ARRAY(DataTypes.ROW(field("x", DataTypes.INT()),
                field("ys", DataTypes.ARRAY(DataTypes.BIGINT()))))),
            field("last", DataTypes.INT().copy(false)));
      default: throw new IllegalArgumentException(name);
    }
  }

  static GenericMap map(Object... keysAndValues) {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) map.put(keysAndValues[i], keysAndValues[i + 1]);
    return new GenericMap(map);
  }

  static GenericArray array(Object... elements) { return new GenericArray(elements); }

  static List<GenericRow> rows(String name) {
    List<GenericRow> rows = new ArrayList<>();
    if (name.equals("small")) {
      rows.add(GenericRow.of(1, text("x"), TimestampLtz.fromEpochMillis(1700000000123L, 456000)));
      rows.add(GenericRow.of(null, text("yz"), null));
    } else if (name.equals("wide")) {
      for (int i = 0; i < 700; i++) {
        rows.add(GenericRow.of(i % 11 == 3 ? null : (Object) (long) (i * 7919), text("name-" + i % 37),
            i % 5 == 0 ? null : (Object) (i / 8.0), i % 3 == 0));
      }
    } else {
      rows.add(GenericRow.of(true, (byte) -2, (short) -300, -5, 1234567890123L, 1.5f, -2.25d, text("ab"),
          text("hello world"), new byte[] {1, 2, 3}, new byte[] {9, 8},
          Decimal.fromBigDecimal(new BigDecimal("-123.45"), 10, 2),
          Decimal.fromBigDecimal(new BigDecimal("12345678901234567890.123"), 25, 3), 19000, 3723004, 3723004,
          3723004, 3723004, TimestampNtz.fromMillis(1700000000123L), TimestampNtz.fromMillis(1700000000123L),
          TimestampNtz.fromMillis(1700000000123L, 456000), TimestampNtz.fromMillis(1700000000123L, 456789),
          TimestampLtz.fromEpochMillis(1700000000123L), TimestampLtz.fromEpochMillis(1700000000123L, 456000),
          array(1, null, 3), array(text("short"), text("longer than seven")), map(text("k"), 7L),
          GenericRow.of(42, text("in")),
          array(GenericRow.of(1, array(5L, 6L)), null, GenericRow.of(null, null)), 1));
      Object[] nulls = new Object[30];
      nulls[29] = 2;
      rows.add(GenericRow.of(nulls));
      rows.add(GenericRow.of(false, Byte.MAX_VALUE, Short.MIN_VALUE, Integer.MAX_VALUE, Long.MIN_VALUE,
          -0.0f, Double.NaN, text("äö"), text(""), new byte[] {0, -1, 127}, new byte[0],
          Decimal.fromBigDecimal(new BigDecimal("99999999.99"), 10, 2),
          Decimal.fromBigDecimal(new BigDecimal("-0.001"), 25, 3), -1, 0, 86399999, 0, 86399999,
          TimestampNtz.fromMillis(-5000L), TimestampNtz.fromMillis(-1L), TimestampNtz.fromMillis(0L),
          TimestampNtz.fromMillis(1L, 1), TimestampLtz.fromEpochMillis(253402300799999L),
          TimestampLtz.fromEpochMillis(12L, 999000), array(), array((Object) null),
          map(text("one"), 1L, text("two"), null), GenericRow.of(null, text("")), array(), 3));
    }
    return rows;
  }

  /// A row as text: fields joined by '|', see text(DataType, Object).
  static String rowText(RowType type, InternalRow row) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < type.getFieldCount(); i++) {
      Object value = InternalRow.createFieldGetter(type.getTypeAt(i), i).getFieldOrNull(row);
      out.append(i == 0 ? "" : "|").append(text(type.getTypeAt(i), value));
    }
    return out.toString();
  }

  static String text(DataType type, Object value) {
    if (value == null) return "null";
    switch (type.getTypeRoot()) {
      case FLOAT: return Integer.toHexString(Float.floatToRawIntBits((Float) value));
      case DOUBLE: return Long.toHexString(Double.doubleToRawLongBits((Double) value));
      case BINARY:
      case BYTES: return hex((byte[]) value);
      case DECIMAL: return ((Decimal) value).toBigDecimal().unscaledValue().toString();
      case TIMESTAMP_WITHOUT_TIME_ZONE:
        return ((TimestampNtz) value).getMillisecond() + "+" + ((TimestampNtz) value).getNanoOfMillisecond();
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
        return ((TimestampLtz) value).getEpochMillisecond() + "+" + ((TimestampLtz) value).getNanoOfMillisecond();
      case ARRAY: return "[" + joined(((ArrayType) type).getElementType(), (InternalArray) value) + "]";
      case MAP:
        return "{" + joined(((MapType) type).getKeyType(), ((InternalMap) value).keyArray()) + "=>"
            + joined(((MapType) type).getValueType(), ((InternalMap) value).valueArray()) + "}";
      case ROW: return "(" + rowText((RowType) type, (InternalRow) value) + ")";
      default: return value.toString();
    }
  }

  static String joined(DataType type, InternalArray array) {
    InternalArray.ElementGetter getter = InternalArray.createElementGetter(type);
    StringJoiner out = new StringJoiner(",");
    for (int i = 0; i < array.size(); i++) out.add(text(type, getter.getElementOrNull(array, i)));
    return out.toString();
  }

  static String hex(byte[] bytes) {
    StringBuilder out = new StringBuilder("x");
    for (byte b : bytes) out.append(String.format("%02x", b));
    return out.toString();
  }

  static byte[] bytesOf(BytesView view) {
    ByteBuf buffer = view.getByteBuf();
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.getBytes(buffer.readerIndex(), bytes);
    return bytes;
  }

  static ChangeType change(boolean appendOnly, int i) {
    ChangeType[] cycle = {ChangeType.INSERT, ChangeType.DELETE, ChangeType.UPDATE_BEFORE, ChangeType.UPDATE_AFTER};
    return appendOnly ? ChangeType.APPEND_ONLY : cycle[i % 4];
  }

  static byte[] arrowBatch(String shape, ArrowCompressionType compression, boolean appendOnly, byte magic,
      int[] statistics) throws Exception {
    RowType type = shape(shape);
    ArrowWriter writer = new ArrowWriterPool(new RootAllocator()).getOrCreateWriter(1L, 1, Integer.MAX_VALUE, type,
        new ArrowCompressionInfo(compression, compression == ArrowCompressionType.ZSTD ? 3 : -1));
    UnmanagedPagedOutputView out = new UnmanagedPagedOutputView(1024 * 10);
    LogRecordBatchStatisticsCollector collector =
        statistics == null ? null : new LogRecordBatchStatisticsCollector(type, statistics);
    MemoryLogRecordsArrowBuilder builder = statistics == null
        ? MemoryLogRecordsArrowBuilder.builder(100L, magic, 1, writer, out, appendOnly)
        : MemoryLogRecordsArrowBuilder.builder(1, writer, out, appendOnly, collector);
    int i = 0;
    for (GenericRow row : rows(shape)) builder.append(change(appendOnly, i++), row);
    builder.setWriterState(7L, 3);
    builder.close();
    return bytesOf(builder.build());
  }

  static byte[] rowBatch(String shape, KvFormat format, boolean appendOnly) throws Exception {
    RowType type = shape(shape);
    RowEncoder encoder = RowEncoder.create(format, type.getChildren().toArray(new DataType[0]));
    UnmanagedPagedOutputView out = new UnmanagedPagedOutputView(1024 * 10);
    MemoryLogRecordsRowBuilder builder = format == KvFormat.INDEXED
        ? MemoryLogRecordsIndexedBuilder.builder(1, Integer.MAX_VALUE, out, appendOnly)
        : MemoryLogRecordsCompactedBuilder.builder(1, Integer.MAX_VALUE, out, appendOnly);
    int i = 0;
    for (GenericRow row : rows(shape)) {
      encoder.startNewRow();
      for (int f = 0; f < type.getFieldCount(); f++) encoder.encodeField(f, row.getField(f));
      builder.append(change(appendOnly, i++), encoder.finishRow());
    }
    builder.setWriterState(7L, 3);
    builder.close();
    return bytesOf(builder.build());
  }

  static byte[] emptyBatch() throws Exception {
    ArrowWriter writer = new ArrowWriterPool(new RootAllocator()).getOrCreateWriter(1L, 1, Integer.MAX_VALUE,
        shape("small"), new ArrowCompressionInfo(ArrowCompressionType.NONE, -1));
    MemoryLogRecordsArrowBuilder builder = MemoryLogRecordsArrowBuilder.builder(
        100L, (byte) 0, 1, writer, new UnmanagedPagedOutputView(1024), false);
    builder.setWriterState(7L, 3);
    builder.close();
    return bytesOf(builder.build());
  }

  /// What the upstream server returns for some columns of a stored batch.
  static byte[] projected(String shape, byte[] batch, ArrowCompressionType compression, int... columns)
      throws Exception {
    Path path = Files.write(Files.createTempFile("log", ".bin"), batch);
    try (java.nio.channels.FileChannel file = java.nio.channels.FileChannel.open(path)) {
      FileLogProjection projection = new FileLogProjection(new ProjectionPushdownCache());
      projection.setCurrentProjection(1L, schemaGetter(shape(shape)), new ArrowCompressionInfo(compression,
          compression == ArrowCompressionType.ZSTD ? 3 : -1), columns);
      return bytesOf(projection.project(file, 0, batch.length, Integer.MAX_VALUE).getBytesView());
    } finally {
      Files.delete(path);
    }
  }

  static SchemaGetter schemaGetter(RowType type) {
    Schema schema = Schema.newBuilder().fromRowType(type).build();
    return new SchemaGetter() {
      public Schema getSchema(int id) { return schema; }
      public java.util.concurrent.CompletableFuture<SchemaInfo> getSchemaInfoAsync(int id) { return null; }
      public SchemaInfo getLatestSchemaInfo() { return new SchemaInfo(schema, 1); }
      public void release() {}
    };
  }

  static LogRecordReadContext context(RowType type, String format) {
    SchemaGetter getter = schemaGetter(type);
    if (format.contains("indexed")) return LogRecordReadContext.createIndexedReadContext(type, 1, getter);
    if (format.contains("compacted")) return LogRecordReadContext.createCompactedRowReadContext(type, 1, getter);
    return LogRecordReadContext.createArrowReadContext(type, 1, getter);
  }

  /// One line per record: change type and row.
  static String rowsText(String shape, String format, byte[] batches) {
    StringBuilder out = new StringBuilder();
    for (LogRecordBatch batch : MemoryLogRecords.pointToBytes(batches).batches()) {
      batch.ensureValid();
      try (CloseableIterator<LogRecord> records = batch.records(context(shape(shape), format))) {
        while (records.hasNext()) {
          LogRecord record = records.next();
          out.append(record.getChangeType().shortString()).append(' ')
              .append(rowText(shape(shape), record.getRow())).append('\n');
        }
      }
    }
    return out.toString();
  }

  /// Save NAME.bin and, unless an earlier batch had the same rows, TEXT.txt.
  static void save(Path dir, String shape, String text, String name, byte[] bytes) throws IOException {
    Files.write(dir.resolve(name + ".bin"), bytes);
    byte[] rows = (shape(shape) + "\n" + rowsText(shape, name, bytes)).getBytes(StandardCharsets.UTF_8);
    Path path = dir.resolve(text + ".txt");
    if (Files.exists(path) && !Arrays.equals(rows, Files.readAllBytes(path))) throw new AssertionError(name);
    Files.write(path, rows);
  }

  static void make(Path dir) throws Exception {
    for (ArrowCompressionType compression : ArrowCompressionType.values()) {
      String codec = compression.toString().toLowerCase(Locale.ROOT);
      for (boolean appendOnly : new boolean[] {true, false}) {
        String kind = appendOnly ? "append" : "changes";
        for (byte magic : new byte[] {0, 1, 2}) {
          save(dir, "small", "small_" + kind, "small_" + codec + "_" + kind + "_v" + magic,
              arrowBatch("small", compression, appendOnly, magic, null));
        }
      }
      save(dir, "types", "types", "types_" + codec, arrowBatch("types", compression, false, (byte) 0, null));
      save(dir, "wide", "wide", "wide_" + codec, arrowBatch("wide", compression, true, (byte) 0, null));
    }
    byte[] statistics = arrowBatch("wide", ArrowCompressionType.ZSTD, true, (byte) 1, new int[] {0, 1, 2});
    save(dir, "wide", "wide", "wide_statistics", statistics);
    Files.write(dir.resolve("wide_statistics_columns_1_3.bin"),
        projected("wide", statistics, ArrowCompressionType.ZSTD, 1, 3));
    byte[] types = arrowBatch("types", ArrowCompressionType.NONE, false, (byte) 0, null);
    Files.write(dir.resolve("types_none_columns_0_8_9_24_27_28.bin"),
        projected("types", types, ArrowCompressionType.NONE, 0, 8, 9, 24, 27, 28));
    types = arrowBatch("types", ArrowCompressionType.LZ4_FRAME, false, (byte) 0, null);
    Files.write(dir.resolve("types_lz4_frame_columns_26.bin"),
        projected("types", types, ArrowCompressionType.LZ4_FRAME, 26));
    for (KvFormat format : KvFormat.values()) {
      String name = format.toString().toLowerCase(Locale.ROOT);
      save(dir, "small", "small_append", "small_" + name, rowBatch("small", format, true));
      save(dir, "types", "types_rows", "types_" + name, rowBatch("types", format, false));
    }
    save(dir, "small", "small_empty", "small_empty", emptyBatch());
  }

  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, false, "UTF-8");
    if (args[0].equals("make")) make(Files.createDirectories(Paths.get(args[1])));
    if (args[0].equals("read")) {
      out.print(rowsText(args[1], args[2], Files.readAllBytes(Paths.get(args[2]))));
    }
    out.flush();
  }
}
