"""The four files: their names in any spelling, their order, and what is no file."""

from tinycnn.datasets.files import (
    EMNIST_NAMES,
    FILES,
    NAMES,
    axes_of,
    find_files,
    put_files_here,
    spellings,
)


def test_table_of_files_is_in_the_order_that_is_read():
    assert [known.name.split("-")[0] for known in FILES] == ["train", "train", "t10k", "t10k"]
    assert [known.raw_size for known in FILES] == [47_040_016, 60_008, 7_840_016, 10_008]


def test_files_are_found_under_any_spelling_the_preferred_one_first(tmp_path):
    for name in FILES:
        names = spellings(name.name)
        assert len(set(names)) == 4
        for other in reversed(names):
            (tmp_path / other).write_bytes(b"")
        assert [path.name for path in find_files(tmp_path, name.name)] == [*names]
        assert {axes_of(other) for other in names} == {3 if "images" in name.name else 1}


def test_a_folder_of_that_name_is_no_file_and_neither_is_what_lies_nowhere(tmp_path):
    (tmp_path / NAMES[0]).mkdir()
    assert find_files(tmp_path, NAMES[0]) == []
    assert find_files(tmp_path / "none", NAMES[0]) == []
    assert find_files("nul\0", NAMES[0]) == []


def test_the_remedy_names_folder_and_files():
    text = put_files_here("data", NAMES[:2])
    assert text.endswith(f"here, in data, packed or unpacked: {NAMES[0]}, {NAMES[1]}.")
    assert EMNIST_NAMES[0][2] == "emnist-digits-test-images-idx3-ubyte.gz"
