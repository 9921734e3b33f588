"""The emulator of AWS listens on loopback alone, and ends."""

from pathlib import Path

import pytest

from scripts.deploy_local.emulator import Emulator, NoEmulator
from tests.doubles.listening import listening


def test_it_listens_on_loopback_alone(aws: Emulator) -> None:
    assert listening(aws.pid) == {"127.0.0.1"}


def test_it_ends_with_what_it_holds(tmp_path: Path) -> None:
    one = Emulator(tmp_path)
    one.client("s3").create_bucket(Bucket="mine", CreateBucketConfiguration={"LocationConstraint": one.region})
    one.stop()
    assert not Path(f"/proc/{one.pid}").exists()
    again = Emulator(tmp_path)
    assert again.client("s3").list_buckets()["Buckets"] == []
    again.stop()


def test_one_that_is_not_installed_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(NoEmulator, match=r"make \.venv-cloud/made"):
        Emulator(tmp_path, environment=tmp_path)
