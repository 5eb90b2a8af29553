import subprocess

from fastdepth_train.provenance import code_commit


def git(folder, *args):
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run(["git", *settings, "-C", str(folder), *args], check=True, capture_output=True)


def checkout(folder):
    """Make a repository with the package and a document in it, and return the package."""
    package = folder / "fastdepth_train"
    package.mkdir(parents=True)
    (package / "code.py").write_text("x = 1\n")
    (folder / "README").write_text("a document\n")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return package


def test_the_commit_of_clean_code_is_named(tmp_path):
    package = checkout(tmp_path / "repo")
    commit = code_commit(package)
    assert len(commit) == 40
    (tmp_path / "repo" / "README").write_text("an edited document\n")
    assert code_commit(package) == commit


def test_changed_and_new_code_is_dirty(tmp_path):
    package = checkout(tmp_path / "repo")
    commit = code_commit(package)
    (package / "code.py").write_text("x = 2\n")
    assert code_commit(package) == f"{commit}-dirty"
    git(package, "checkout", "-q", "code.py")
    (package / "new.py").write_text("y = 1\n")
    assert code_commit(package) == f"{commit}-dirty"


def test_code_that_is_in_no_repository_is_unknown(tmp_path):
    package = tmp_path / "fastdepth_train"
    package.mkdir()
    assert code_commit(package) == "unknown"


def test_a_copy_installed_inside_another_repository_is_unknown(tmp_path):
    checkout(tmp_path / "repo")
    installed = tmp_path / "repo" / ".venv" / "fastdepth_train"
    installed.mkdir(parents=True)
    (installed / "code.py").write_text("x = 1\n")
    assert code_commit(installed) == "unknown"
