target_link_libraries(weir_web PUBLIC Boost::headers PRIVATE Boost::json)
target_precompile_headers(weir_web PRIVATE <boost/asio.hpp> <boost/beast/core.hpp> <boost/beast/http.hpp>)
