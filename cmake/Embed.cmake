# reeve_embed(<target> <symbol> <file>): makes the bytes of <file> a part of <target>, as
#   extern "C" const char <symbol>_begin[], <symbol>_end[];
function(reeve_embed target symbol file)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/embed/${target}.${symbol}.S)
  file(CONFIGURE OUTPUT ${source} CONTENT ".section .rodata
.balign 16
.global ${symbol}_begin
.global ${symbol}_end
${symbol}_begin:
.incbin \"${file}\"
${symbol}_end:
.byte 0
.section .note.GNU-stack,\"\",@progbits
")
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
  target_sources(${target} PRIVATE ${source})
endfunction()
