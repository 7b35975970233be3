# libarrow_s3 is not linked: s3_store.cc has Arrow load it at the first s3:// location.
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(ZLIB REQUIRED)
target_link_libraries(weir_lake PUBLIC Boost::json
  PRIVATE OpenSSL::Crypto Arrow::parquet ZLIB::ZLIB zstd snappy)
