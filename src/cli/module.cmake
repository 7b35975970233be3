target_link_libraries(weir_cli PUBLIC CLI11::CLI11 PRIVATE Boost::json Boost::headers edit)
