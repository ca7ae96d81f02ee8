# reeve_embed_dashboard(<target>): makes the built dashboard (web/dist) a part of <target>, which declares
# embedded_assets() in delivery/web/assets.h.
#
# REEVE_WEB  ON    building <target> fails when the dashboard was not built (`npm ci && npm run build` in web/)
#            AUTO  embeds it when it is there
#            OFF   never; `/` then says that there is no dashboard in this binary
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(REEVE_WEB ON CACHE STRING "embed the dashboard: ON, AUTO or OFF")
else()
  set(REEVE_WEB AUTO CACHE STRING "embed the dashboard: ON, AUTO or OFF")
endif()

function(reeve_embed_dashboard target)
  set(dist ${PROJECT_SOURCE_DIR}/web/dist)
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${target}.assets.cc)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${dist} ${dist}/*)
  if(REEVE_WEB STREQUAL "OFF")
    set(files "")
  elseif(REEVE_WEB STREQUAL "ON" AND NOT "index.html" IN_LIST files)
    add_custom_command(OUTPUT ${table}
      COMMAND ${CMAKE_COMMAND} -E echo "The dashboard is not built: run `npm ci && npm run build` in web/ (./dev build does), or configure with -DREEVE_WEB=OFF."
      COMMAND ${CMAKE_COMMAND} -E false
      VERBATIM)
    target_sources(${target} PRIVATE ${table})
    return()
  endif()
  set(number 0)
  set(declarations "")
  set(rows "")
  foreach(file IN LISTS files)
    set(symbol web_asset_${number})
    reeve_embed(${target} ${symbol} ${dist}/${file})
    string(APPEND declarations "extern const char ${symbol}_begin[], ${symbol}_end[];\n")
    string(APPEND rows "      {\"/${file}\", {${symbol}_begin, ${symbol}_end}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  file(CONFIGURE OUTPUT ${table} CONTENT "#include \"delivery/web/assets.h\"

extern \"C\" {
${declarations}}

namespace reeve::web {

std::vector<Asset> embedded_assets() {
  return {
${rows}  };
}

}  // namespace reeve::web
" @ONLY)
  target_sources(${target} PRIVATE ${table})
endfunction()
