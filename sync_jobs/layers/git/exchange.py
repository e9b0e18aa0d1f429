"""Puts a finished folder in the place of another, so that a reader sees the old one or the new one, never a mixture."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from app.errors import Permanent, PortalError
from sync_jobs.layers.git.remote import disk_full

_RENAME_EXCHANGE = 2
_AT_FDCWD = -100
_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}


def staged(folder: Path) -> Path:
    """Where the next content of `folder` is put together: beside it, so that a rename is enough."""
    return folder.with_name(f".{folder.name}.lz-staged")


def previous(folder: Path) -> Path:
    """Where its content goes for the moment between two renames."""
    return folder.with_name(f".{folder.name}.lz-previous")


def swap(folder: Path) -> None:
    """Make what is staged the content of `folder`; what was there is staged afterwards, or gone if there was none."""
    new, old = staged(folder), previous(folder)
    if not os.path.lexists(folder):
        new.rename(folder)
    elif not swap_atomically(new, folder):
        folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            old.rename(folder)
            raise
        old.rename(new)


def swap_back(folder: Path) -> None:
    """Take `swap` back."""
    if staged(folder).exists():
        swap(folder)
    else:  # there was none before
        folder.rename(staged(folder))


def swap_atomically(one: Path, other: Path) -> bool:
    """Exchange two folders in one step. False where the system or the file system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    if rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(other))


def recover(folder: Path) -> None:
    """After a run that was killed: put back what it moved away, remove what it had not finished."""
    if not os.path.lexists(folder) and previous(folder).is_dir():
        previous(folder).rename(folder)
    clear(folder)


def clear(folder: Path) -> None:
    """Remove what is left beside `folder`."""
    for left in (staged(folder), previous(folder)):
        if left.exists():
            shutil.rmtree(left)


@contextlib.contextmanager
def explained(root: Path) -> Iterator[None]:
    """The errors of a file system in the portal's terms."""
    try:
        yield
    except PortalError:
        raise
    except OSError as error:
        where = error.filename or root
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(root) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise Permanent(
                f"{where} cannot be written ({error.strerror}).",
                "Give this user write access, or name another folder in PORTAL_GIT_PUBLISH_ROOT.",
            ) from error
        if error.errno == errno.EBUSY:
            raise Permanent(
                f"{where} cannot be exchanged: it is a mount of its own.",
                "Mount the folder above it instead.",
            ) from error
        raise Permanent(
            f"The files could not be published: {error.strerror or error} ({where}).",
            "The state before stands. Mend it and run the git layer again.",
        ) from error
