# Every handler reads the protocol's messages (65,000 generated lines) and the services: once, not sixty times.
target_precompile_headers(weir_handlers PRIVATE "${CMAKE_SOURCE_DIR}/src/handlers/handlers.h"
  "${CMAKE_SOURCE_DIR}/src/handlers/services.h")
