target_link_libraries(weir_server PUBLIC CLI11::CLI11 PRIVATE yaml-cpp)
