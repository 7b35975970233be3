target_link_libraries(weir_storage PRIVATE RocksDB::rocksdb)
