"""Puts the helpers of the end-to-end tests within reach, and runs this folder's tests in their order."""
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]
