#!/usr/bin/env python3
import unittest

from tidy import check_source, check_text, modules

MODS = modules("reeve_module(base)\nreeve_module(domain/mig DEPS base)\nreeve_module(ports DEPS base domain/mig)\n")


def rules(path, text):
    return [rule for _, rule, _ in check_source(path, text, MODS)]


class Tidy(unittest.TestCase):
    def test_an_include_that_is_not_a_declared_dependency_is_found(self):
        self.assertEqual(rules("domain/mig/a.cc", '#include "ports/clock.h"\n'), ["include"])
        self.assertEqual(rules("domain/mig/a.cc", '#include "base/result.h"\n'), [])

    def test_a_folder_that_is_no_module_is_found(self):
        self.assertEqual(rules("domain/other/a.cc", ""), ["module"])

    def test_the_domain_may_not_ask_the_clock(self):
        self.assertEqual(rules("domain/mig/a.cc", "auto t = std::chrono::system_clock::now();\n"), ["pure"])
        self.assertEqual(rules("ports/a.cc", "auto t = std::chrono::system_clock::now();\n"), [])

    def test_the_product_may_not_invent_figures_but_its_tests_may(self):
        self.assertEqual(rules("ports/a.cc", "std::mt19937 dice;\n"), ["invented"])
        self.assertEqual(rules("ports/a_test.cc", "std::mt19937 dice;\n"), [])
        self.assertEqual(rules("ports/a_test.h", "#pragma once\nstd::mt19937 dice;\n"), [])

    def test_a_function_of_71_lines_is_too_long_and_one_of_70_is_not(self):
        def body(n):
            return "int f() {\n" + "  g();\n" * (n - 2) + "}\n"
        self.assertEqual(rules("ports/a.cc", body(70)), [])
        self.assertEqual(rules("ports/a.cc", body(71)), ["function-length"])

    def test_a_file_of_501_lines_is_too_long(self):
        self.assertEqual([rule for _, rule, _ in check_text("sim/a.cc", "\n" * 500)], ["file-length"])

    def test_a_vague_name_is_found_in_a_type_and_in_a_file(self):
        self.assertEqual(rules("ports/gpu_utils.h", "class GpuManager {\n};\n"), ["vague-name", "vague-name"])

    def test_swallowing_every_exception_is_found(self):
        self.assertEqual(rules("ports/a.cc", "} catch (...) {\n"), ["banned"])


if __name__ == "__main__":
    unittest.main()
