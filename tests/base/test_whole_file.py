import os

from neonym.base.files import write_text


def test_a_file_has_the_rights_that_the_umask_leaves_also_where_it_takes_the_place_of_another(
    tmp_path,
):
    path, before = tmp_path / "file", os.umask(0o027)
    try:
        for text in ("first", "second"):
            write_text(path, text)
            assert (path.read_text(), oct(path.stat().st_mode & 0o777)) == (text, "0o640")
            path.chmod(0o600)
    finally:
        os.umask(before)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
