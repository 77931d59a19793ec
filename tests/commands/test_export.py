import sys

import pytest
from exportable import METADATA, plain

from neonym import NameGenerator, cli
from neonym.models.model_file import save_model
from small_training import NAMES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = plain()
    save_model(tmp_path / "m.npz", model.network, model.vocabulary, METADATA, NAMES)
    (tmp_path / "list.txt").write_text("".join(f"{name.upper()}\n" for name in NAMES))
    (tmp_path / "mine.html").write_text("<p>my own page")
    (tmp_path / "mine.safetensors").write_text("my own")
    (tmp_path / "folder.html").mkdir()
    return tmp_path


@pytest.fixture
def neonym(folder, monkeypatch, capsys):
    def call(arguments):
        monkeypatch.setattr(sys, "argv", ["neonym", *arguments.split()])
        with pytest.raises(SystemExit) as exit_:
            cli.main()
        return exit_.value.code, *capsys.readouterr()

    return call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("export m.npz -o names.pdf", "names.pdf ends in neither .html nor .safetensors"),
        ("export m.npz -o names", "names ends in neither .html nor .safetensors"),
        ("export m.npz -o no/names.html", "no is no directory; make it first"),
        ("export m.npz -o folder.html", "folder.html is a directory; name a file"),
        ("export m.npz -o mine.html", "mine.html is there and is no earlier one of this kind"),
        ("export m.npz -o mine.safetensors", "mine.safetensors is there and is no earlier one"),
        ("export m.npz -o x.safetensors --with-list list.txt", "--with-list are for pages"),
        ("export m.npz -o x.html --with-list no.txt", "no.txt does not exist"),
        ("export no.npz -o x.html", "no.npz does not exist; make one"),
        ("export list.txt -o x.html", "list.txt is not a neonym model"),
        ("import m.npz -o n.npz", "m.npz is not a model that neonym exported"),
        ("import no.safetensors -o n.npz", "no.safetensors does not exist; export one"),
        ("import mine.safetensors -o list.txt", "list.txt is there and is no earlier one"),
        ("import mine.safetensors -o no/n.npz", "no is no directory"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(neonym, folder, arguments, message):
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    status, out, err = neonym(arguments)
    assert (status, out) == (2, "")
    assert err.startswith("neonym: ")
    assert err.count("\n") == 1
    assert message in err
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_a_model_of_another_version_is_one_line(neonym, folder):
    from neonym.base.archive import read_archive, write_archive

    arrays, document = read_archive(folder / "m.npz", "", "")
    write_archive(folder / "m.npz", arrays, document | {"version": 9})
    status, _, err = neonym("export m.npz -o x.html")
    assert status == 2
    assert "m.npz is a model of version 9, this neonym reads" in err


def test_an_earlier_export_is_replaced_and_with_force_anything(neonym, folder):
    for target in ("x.html", "x.html", "x.safetensors", "x.safetensors"):
        status, out, err = neonym(f"export m.npz -o {target}")
        assert (status, err) == (0, "")
        assert out.startswith(f"{target}: ")
    assert neonym("export m.npz -o mine.html --force")[0] == 0
    assert (folder / "mine.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize(
    ("command", "link"),
    [
        ("export m.npz", "x.html"),
        ("export m.npz", "x.safetensors"),
        ("import m.safetensors", "n.npz"),
        ("learn list.txt --count 1", "l.npz"),
    ],
)
def test_through_a_link_the_file_that_it_leads_to_is_written(neonym, folder, command, link, there):
    neonym("export m.npz -o m.safetensors")
    elsewhere = folder / "folder.html" / "file"
    if there:
        assert neonym(f"{command} -o {link}")[0] == 0
        (folder / link).rename(elsewhere)
        written = elsewhere.stat().st_ino
    (folder / link).symlink_to(elsewhere.relative_to(folder))
    status, out, _ = neonym(f"{command} -o {link}")
    assert status == 0
    assert link in out or "learn" in command
    assert (folder / link).readlink() == elsewhere.relative_to(folder)
    assert [path.name for path in elsewhere.parent.iterdir()] == ["file"]
    assert elsewhere.stat().st_size > 1000
    if there:
        assert elsewhere.stat().st_ino != written, "it is replaced as a whole"


def test_a_link_to_what_may_not_be_changed_is_replaced_itself(neonym, folder):
    assert neonym("export m.npz -o x.html")[0] == 0
    cached = (folder / "x.html").rename(folder / "folder.html" / "cached")  # as DVC keeps files
    before = cached.read_bytes()
    cached.chmod(0o444)
    (folder / "x.html").symlink_to(cached)
    assert neonym("export m.npz -o x.html --title Other")[0] == 0
    assert cached.read_bytes() == before
    assert not (folder / "x.html").is_symlink()
    assert "<title>Other" in (folder / "x.html").read_text()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("mine.html", "x.html is there and is no earlier one of this kind"),
        ("no/file", "no is no directory; make it first"),
        ("x.html", "x.html leads to itself; name a file with -o"),
    ],
)
def test_where_a_link_leads_is_looked_at_first(neonym, folder, target, message):
    (folder / "x.html").symlink_to(target)
    status, out, err = neonym("export m.npz -o x.html")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert (folder / "mine.html").read_text() == "<p>my own page"


def test_a_model_comes_back_from_its_export(neonym, folder):
    assert neonym("export m.npz -o x.safetensors")[0] == 0
    assert neonym("import x.safetensors -o n.npz")[0] == 0
    assert (folder / "n.npz").read_bytes() == (folder / "m.npz").read_bytes()
    assert neonym("import x.safetensors -o n.npz")[0] == 0
    assert NameGenerator.load("n.npz").is_known(NAMES).all()


def test_the_page_is_called_as_is_said_and_has_the_list_that_is_given(neonym, folder):
    assert neonym("export m.npz -o x.html --title Saurians --with-list list.txt")[0] == 0
    text = (folder / "x.html").read_text()
    assert "<title>Saurians</title>" in text
    assert '"list":["tyrannosaurus","stegosaurus"' in text
    assert neonym("export m.npz -o x.html")[0] == 0
    assert "<title>m</title>" in (folder / "x.html").read_text()


def test_a_command_may_be_called_like_a_keyword(neonym):
    assert "import  " in neonym("--help")[1]
    assert neonym("import --help")[0] == 0
    assert neonym("import_ --help")[0] == 2
