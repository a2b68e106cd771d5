"""The four files: their names in any spelling, their order, and what is no file."""

from tinycnn.datasets.files import FILES


def test_table_of_files_is_in_the_order_that_is_read():
    assert [known.name.split("-")[0] for known in FILES] == ["train", "train", "t10k", "t10k"]
    assert [known.raw_size for known in FILES] == [47_040_016, 60_008, 7_840_016, 10_008]
