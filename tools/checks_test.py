"""The checks fail when they should: each rule meets the smallest tree that breaks it."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import check_docs
import check_layers
import tidy


SCRATCH = tempfile.TemporaryDirectory()


def tearDownModule():
    SCRATCH.cleanup()


def tree(files):
    root = pathlib.Path(tempfile.mkdtemp(dir=SCRATCH.name))
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "-A"], cwd=root, check=True)
    return root


class Layers(unittest.TestCase):
    TABLE = "base :\nio : base\nnet : base\n"

    def test_an_include_that_points_down_is_fine(self):
        root = tree({"src/layers.txt": self.TABLE, "src/io/a.cc": '#include "base/b.h"\n'})
        self.assertEqual(check_layers.check(root), [])

    def test_an_include_that_points_up_or_sideways_is_refused(self):
        root = tree({"src/layers.txt": self.TABLE, "src/base/a.h": '#include "io/f.h"\n', "src/io/a.cc": '#include "net/f.h"\n'})
        self.assertEqual(len(check_layers.check(root)), 2)

    def test_a_table_with_a_forward_reference_is_refused(self):
        self.assertEqual(len(check_layers.read_layers("io : base\nbase :\n")[1]), 1)

    def test_a_module_without_a_line_is_refused(self):
        self.assertEqual(len(check_layers.check(tree({"src/layers.txt": self.TABLE, "src/odd/a.h": ""}))), 1)


class Tidy(unittest.TestCase):
    def test_banned_calls_name_their_replacement(self):
        bad = tidy.check_text("src/a/b.cc", "int x = std::stoi(s);\n")
        self.assertEqual(len(bad), 1)
        self.assertIn("checked parser", bad[0])

    def test_a_comment_may_name_a_banned_call(self):
        self.assertEqual(tidy.check_text("src/a/b.cc", "// not std::stoi(s)\n"), [])

    def test_threads_live_in_async_only(self):
        self.assertEqual(tidy.check_text("src/async/b.cc", "std::thread t;\n"), [])
        self.assertEqual(len(tidy.check_text("src/sql/b.cc", "std::thread t;\n")), 1)

    def test_headers_open_with_what_they_are_for(self):
        self.assertEqual(len(tidy.check_text("src/a/b.h", "#pragma once\n")), 1)

    def test_file_names_say_the_idea(self):
        self.assertEqual(len(tidy.check(tree({"src/a/string_utils.h": "// x\n#pragma once\n"}))), 1)

    def test_big_blobs_and_unknown_kinds_stay_out(self):
        self.assertEqual(len(tidy.check(tree({"docs/a.md": "x" * 1_000_001, "docs/b.exe": ""}))), 2)


class Docs(unittest.TestCase):
    def test_named_paths_and_links_must_exist(self):
        root = tree({"docs/a.md": "see `src/gone.cc` and [b](b.md)\n"})
        self.assertEqual(len(check_docs.check(root)), 2)

    def test_every_invariant_is_cited_in_code(self):
        root = tree({"ARCHITECTURE.md": "INV-1 INV-2\n", "src/a/b.cc": "// INV-1\n"})
        self.assertEqual(len(check_docs.check(root)), 1)


if __name__ == "__main__":
    unittest.main()
