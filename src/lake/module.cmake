find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(ZLIB REQUIRED)
target_link_libraries(weir_lake PUBLIC Boost::json PRIVATE ZLIB::ZLIB)
