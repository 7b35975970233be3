# Asio's definitions are those of async: one program must not have two kinds of it.
find_package(Boost 1.81 REQUIRED COMPONENTS url)
target_link_libraries(weir_http PRIVATE Boost::headers Boost::url OpenSSL::SSL OpenSSL::Crypto)
