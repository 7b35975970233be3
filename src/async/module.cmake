find_package(Boost 1.81 REQUIRED)
target_link_libraries(weir_async PUBLIC Boost::headers)
target_compile_definitions(weir_async PUBLIC BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY)
target_precompile_headers(weir_async PRIVATE <boost/asio.hpp> <memory> <string> <vector> <functional> <unordered_map>)
