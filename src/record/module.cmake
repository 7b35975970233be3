find_package(Boost 1.81 REQUIRED COMPONENTS json)
target_link_libraries(weir_record PUBLIC Boost::json Arrow::arrow PRIVATE zstd lz4)
