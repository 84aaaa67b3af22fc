"""What every artifact store promises, whatever it is made of. A new one joins `STORES`.

Processes are real: a child is forked, and killed where it is about to touch a file for the n-th time.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import pytest

from recs_platform.errors import ConfigError, StorageError, UnavailableError
from recs_platform.file_store import bucket
from recs_platform.file_store.bucket import Bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.model_registry.artifact_store import ArtifactStore, ArtifactStoreError
from recs_platform.model_registry.bucket_store import BucketStore
from recs_platform.model_registry.folder_store import FolderStore
from recs_platform.models.artifact import ArtifactError, file_names, load, prove, save
from recs_platform.models.model import Model
from recs_platform_tests.model_registry.tag_store import TagStore
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.stores.fixtures import IN_STORES, store_named
from recs_platform_tests.stores.proxy import OVERLOADED, Fault, proxied
from recs_platform_tests.warehouse.processes import PATIENCE, start

Store = Callable[[], ArtifactStore]
NAME = "metro/offer_ranking"
STORES: dict[str, Callable[[Path], ArtifactStore]] = {
    "folder": lambda home: FolderStore(home / "store"),
    "tags": lambda home: TagStore(home / "store", home / "unpacked"),
}


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Opens it again each time, as another process would."""
    return lambda: STORES[request.param](tmp_path)


@dataclass(frozen=True)
class Anywhere:
    """A store wherever one can be, and the files that it keeps."""

    kept: FileStore
    open: Store

    def files(self) -> list[str]:
        return list(self.kept.listed(""))


@pytest.fixture(params=[*STORES, *IN_STORES])
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Anywhere:
    if request.param in STORES:
        return Anywhere(LocalFiles(tmp_path / "store"), lambda: STORES[request.param](tmp_path))
    bucket = Bucket(store_named(request, request.param).new_folder(), "RECS_FILES_URL")
    return Anywhere(bucket, lambda: BucketStore(bucket, tmp_path / "copies"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trained(linear).candidate, tmp_path / "artifact")
    return tmp_path / "artifact"


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in file_names(prove(folder))}


def another(model: Model) -> Model:
    return replace(model, manifest=model.manifest.model_copy(update={"code_version": "1.0.1"}))


def stored_files(tmp_path: Path) -> list[Path]:
    return sorted(path for path in (tmp_path / "store").rglob("*") if path.is_file())


def forked(work: Callable[[], object]) -> int:
    """A child that works and ends without a word to pytest; its error is on stderr."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def ended_by(child: int) -> int:
    """The signal that ended the child; 0 when it was done."""
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def test_what_was_pushed_is_pulled_byte_by_byte(anywhere: Anywhere, folder: Path) -> None:
    digest = prove(folder).digest
    pushed = anywhere.open().push(folder, NAME)
    assert pushed.digest == digest
    pulled = anywhere.open().pull(pushed.uri, digest)
    assert content(pulled) == content(folder)
    assert load(pulled, digest=digest).digest == digest


def test_pushing_twice_changes_nothing(anywhere: Anywhere, folder: Path) -> None:
    first = anywhere.open().push(folder, NAME)
    before = anywhere.kept.listed("")
    assert anywhere.open().push(folder, NAME) == first
    assert anywhere.kept.listed("") == before


def test_names_and_models_share_no_place(anywhere: Anywhere, folder: Path, tmp_path: Path) -> None:
    save(another(trained(linear).candidate), tmp_path / "other")
    opened = anywhere.open()
    pushed = [opened.push(folder, NAME), opened.push(tmp_path / "other", NAME), opened.push(folder, "acme/reorder")]
    assert len({stored.uri for stored in pushed}) == 3
    assert [prove(opened.pull(stored.uri, stored.digest)).digest for stored in pushed] == [
        stored.digest for stored in pushed
    ]


def test_other_content_than_was_asked_for_is_refused(anywhere: Anywhere, folder: Path, tmp_path: Path) -> None:
    save(another(trained(linear).candidate), tmp_path / "other")
    opened = anywhere.open()
    mine, other = opened.push(folder, NAME), opened.push(tmp_path / "other", NAME)
    with pytest.raises(ArtifactError, match=f"its digest is not {mine.digest}"):
        opened.pull(other.uri, mine.digest)


def test_what_was_never_pushed_is_refused(anywhere: Anywhere, folder: Path) -> None:
    uri = anywhere.open().push(folder, NAME).uri
    with pytest.raises(ArtifactError):
        anywhere.open().pull(uri.replace(uri[-8:], "00000000"), prove(folder).digest)


def test_a_damaged_folder_is_not_pushed(anywhere: Anywhere, folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ArtifactError):
        anywhere.open().push(folder, NAME)
    assert anywhere.files() == []


def test_each_damaged_file_is_refused_and_mended_by_the_next_push(
    anywhere: Anywhere, folder: Path, tmp_path: Path
) -> None:
    pushed = anywhere.open().push(folder, NAME)
    kept = anywhere.kept
    for name in anywhere.files():
        for damage in (lambda name: kept.write(name, kept.read(name)[:-20]), lambda name: kept.remove([name])):
            damage(name)
            with pytest.raises(ArtifactError):
                anywhere.open().pull(pushed.uri, pushed.digest)
            assert anywhere.open().push(folder, NAME) == pushed
            assert content(anywhere.open().pull(pushed.uri, pushed.digest)) == content(folder)


@pytest.mark.slow
def test_processes_that_push_the_same_at_once_all_succeed(store: Store, folder: Path, tmp_path: Path) -> None:
    uri = store().push(folder, NAME).uri
    for number in range(12):
        for path in stored_files(tmp_path):
            path.write_bytes(b"damaged") if number % 2 else path.unlink()
        if number % 3 == 0:
            shutil.rmtree(tmp_path / "store")
        read, write = os.pipe()

        def push_when_let_go(gate: int = read, keeper: int = write) -> None:
            os.close(keeper)
            os.read(gate, 1)  # returns when the parent, which alone has the other end, closes it
            assert store().push(folder, NAME).uri == uri
            store().pull(uri, prove(folder).digest)

        children = [forked(push_when_let_go) for _ in range(4)]
        os.close(write)
        os.close(read)
        assert [ended_by(child) for child in children] == [0] * 4
        assert content(store().pull(uri, prove(folder).digest)) == content(folder)


@pytest.mark.slow
@pytest.mark.parametrize("damaged", [False, True], ids=["nothing there", "a damaged one there"])
def test_killed_in_the_middle_of_a_push(store: Store, folder: Path, tmp_path: Path, damaged: bool) -> None:
    """Wherever it was killed, nobody pulls a part, and the next push brings all of it."""
    digest = prove(folder).digest
    uri, killed = store().push(folder, NAME).uri, 0
    while True:
        for path in stored_files(tmp_path):
            path.write_bytes(b"") if damaged else path.unlink()
        child = forked(lambda nth=killed + 1: _push_and_die_at(nth, store(), folder, tmp_path))  # type: ignore[misc]
        if ended_by(child) != signal.SIGKILL:
            break
        killed += 1
        try:
            assert content(store().pull(uri, digest)) == content(folder)
        except ArtifactError:
            assert store().push(folder, NAME).uri == uri
        assert content(store().pull(uri, digest)) == content(folder)
    assert killed > 8, "there was hardly a place to be killed at"


def _push_and_die_at(nth: int, store: ArtifactStore, folder: Path, tmp_path: Path) -> None:
    """Python tells an audit hook of each file that is about to be opened, made, renamed or removed."""
    events = 0

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal events
        touches = event in {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.rmtree"}
        if touches and str(tmp_path) in str(arguments[0]):
            events += 1
            if events == nth:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    store.push(folder, NAME)


def test_a_folder_that_cannot_be_written_says_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").touch()
    with pytest.raises(ArtifactStoreError, match=r"store/metro/.*: the artifact store cannot be used \("):
        FolderStore(tmp_path / "store").push(folder, NAME)


def test_an_artifact_stands_as_it_is_in_a_folder_of_its_name_and_digest(folder: Path, tmp_path: Path) -> None:
    """Homes of any age have this layout, and their registries these uris."""
    digest = prove(folder).digest
    assert FolderStore(tmp_path / "store").push(folder, NAME).uri == f"{NAME}/{digest.removeprefix('sha256:')}"
    by_hand = tmp_path / "home" / "models" / NAME / digest.removeprefix("sha256:")
    save(trained(linear).candidate, by_hand)
    assert FolderStore(tmp_path / "home" / "models").pull(f"{NAME}/{by_hand.name}", digest) == by_hand


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, UnavailableError), (errno.EACCES, StorageError)])
def test_a_disk_that_does_not_answer_just_now_is_no_damage(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    store = FolderStore(tmp_path / "store")
    pushed = store.push(folder, NAME)

    def failing(*arguments: object, **others: object) -> bytes:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", failing)
        with pytest.raises(UnavailableError if kind is UnavailableError else ArtifactError):
            store.pull(pushed.uri, pushed.digest)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", failing)
        with pytest.raises(kind):
            store.push(folder, "metro/other")


def test_what_a_killed_push_left_is_swept_by_a_later_one(folder: Path, tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    digest = prove(folder).digest.removeprefix("sha256:")
    beside = tmp_path / "store" / NAME
    left = {name: beside / name for name in (f".{digest}.killed", f".{'0' * 64}.killed", f".{digest}.going", ".mine")}
    for place in left.values():
        (place / "whole").mkdir(parents=True)
        (place / "whole" / "model.txt").write_text("half")
    for name in left:
        if not name.endswith("going"):
            os.utime(left[name], (0, 0))
    store.push(folder, NAME)
    assert sorted(path.name for path in beside.iterdir()) == sorted([f".{digest}.going", ".mine", digest])


def push_and_die(root: str, folder: Path, copies: Path, nth: int, after: bool) -> None:
    """Be killed before, or right after, a file comes into the bucket."""
    uploads, upload = 0, Bucket.upload

    def counted(self: Bucket, source: Path, name: str) -> None:
        nonlocal uploads
        uploads += 1
        if uploads == nth and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        upload(self, source, name)
        if uploads == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    with patch.object(Bucket, "upload", counted):
        BucketStore(Bucket(root, "RECS_FILES_URL"), copies).push(folder, NAME)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["s3", "gs"])
@pytest.mark.parametrize("damaged", [False, True], ids=["nothing there", "a damaged one there"])
def test_killed_in_the_middle_of_a_push_to_a_bucket(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path, damaged: bool
) -> None:
    digest, root = prove(folder).digest, store_named(request, kind).new_folder()
    kept = Bucket(root, "RECS_FILES_URL")
    opened = BucketStore(kept, tmp_path / "copies")
    uri = opened.push(folder, NAME).uri
    for nth, after in ((1, False), (1, True), (2, True), (3, False)):
        for name in kept.listed(""):
            kept.write(name, b"") if damaged else kept.remove([name])
        pushing = start(push_and_die, root, folder, tmp_path / "others", nth, after)
        pushing.join(PATIENCE)
        assert pushing.exitcode == -signal.SIGKILL
        with pytest.raises(ArtifactError, match=f"^{root}/{uri}/"):
            opened.pull(uri, digest)
        assert opened.push(folder, NAME).uri == uri
        assert content(opened.pull(uri, digest)) == content(folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_a_bucket_that_does_not_answer_or_is_not_there_is_no_damage(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = store_named(request, kind)
    nowhere = BucketStore(Bucket(f"{kind}://nobodys-bucket/models", "RECS_FILES_URL"), tmp_path / "copies")
    for ask in (lambda: nowhere.push(folder, NAME), lambda: nowhere.pull("a/b", prove(folder).digest)):
        with pytest.raises(ConfigError, match=rf"^RECS_FILES_URL: there is no bucket nobodys-bucket at {kind}://"):
            ask()
    with proxied(server) as (proxy, behind):
        behind.let_in(monkeypatch)
        monkeypatch.setattr(bucket, "_RETRIES", 1)
        opened = BucketStore(Bucket(server.new_folder(), "RECS_FILES_URL"), tmp_path / "copies")
        pushed = opened.push(folder, NAME)
        proxy.faults.append(Fault(OVERLOADED, "", times=10_000))
        for ask in (lambda: opened.push(folder, NAME), lambda: opened.pull(pushed.uri, pushed.digest)):
            with pytest.raises(UnavailableError, match="the store does not answer"):
                ask()
