# SPDX-License-Identifier: Apache-2.0
"""yolodata checksum --sign and --verify-key, and openssl as the other side."""
import base64
import json
import shutil
import subprocess

import jsonschema
import pytest

from small_dataset import SOURCE, SmallDataset, run

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command is not installed")


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


@pytest.fixture
def data(tmp_path):
    return SmallDataset(tmp_path / "set")


@pytest.fixture
def keys(tmp_path):
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", private)
    openssl("pkey", "-in", private, "-pubout", "-out", public)
    return private, public


def manifest_path(data):
    return data.root / "yolodata.sha256.json"


def test_openssl_accepts_the_signature(data, keys, tmp_path):
    assert "signed" in run("checksum", data.root, "--sign", keys[0]).stderr
    manifest = json.loads(manifest_path(data).read_text())
    jsonschema.validate(manifest, json.loads((SOURCE / "schemas/manifest.schema.json").read_text()))
    (tmp_path / "text").write_text(manifest["digest"])
    (tmp_path / "signature").write_bytes(base64.b64decode(manifest["signature"], validate=True))
    openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", keys[1], "-in", tmp_path / "text", "-sigfile",
            tmp_path / "signature")


def test_a_signature_of_openssl_is_accepted(data, keys, tmp_path):
    run("checksum", data.root, "--quiet")
    manifest = json.loads(manifest_path(data).read_text())
    (tmp_path / "text").write_text(manifest["digest"])
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", keys[0], "-in", tmp_path / "text", "-out", tmp_path / "signature")
    manifest["signature"] = base64.b64encode((tmp_path / "signature").read_bytes()).decode()
    manifest_path(data).write_text(json.dumps(manifest))
    assert "0 differ" in run("checksum", data.root, "--check", "--verify-key", keys[1]).stdout


def refused(data, key, why, *args):
    done = run("checksum", data.root, "--check", "--verify-key", key, *args, code=1)
    assert "error checksum/manifest-invalid" in done.stdout and why in done.stdout, done.stdout


def test_what_is_not_signed_by_the_owner_is_refused(data, keys, tmp_path):
    run("checksum", data.root, "--quiet")
    refused(data, keys[1], "carries no signature")
    run("checksum", data.root, "--quiet", "--format", "sha256sum", "--output", tmp_path / "sums")
    refused(data, keys[1], "carries no signature", f"--check={tmp_path / 'sums'}")
    run("checksum", data.root, "--quiet", "--sign", keys[0])
    openssl("genpkey", "-algorithm", "ed25519", "-out", tmp_path / "other.pem")
    openssl("pkey", "-in", tmp_path / "other.pem", "-pubout", "-out", tmp_path / "other_public.pem")
    refused(data, tmp_path / "other_public.pem", "is not by the key")
    good = json.loads(manifest_path(data).read_text())
    for wrong in ("", "AAAA", good["signature"][:-2] + "A=", good["signature"].replace("=", " "), "?" * 88,
                  "A" * 86 + "=="):
        manifest_path(data).write_text(json.dumps(good | {"signature": wrong}))
        refused(data, keys[1], "signature")
    manifest_path(data).write_text(json.dumps(good | {"signature": 5}))
    refused(data, keys[1], "signature is no text")


def test_an_edit_with_a_new_digest_is_noticed(data, keys):
    run("checksum", data.root, "--quiet", "--sign", keys[0])
    signature = json.loads(manifest_path(data).read_text())["signature"]
    data.write("labels/train/t0.txt", b"1 0.5 0.5 0.1 0.1\n")
    run("checksum", data.root, "--quiet")
    forged = json.loads(manifest_path(data).read_text()) | {"signature": signature}
    manifest_path(data).write_text(json.dumps(forged))
    assert "0 differ" in run("checksum", data.root, "--check").stdout
    refused(data, keys[1], "is not by the key")


def test_keys_that_do_not_fit(data, keys, tmp_path):
    openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", tmp_path / "rsa.pem")
    openssl("pkey", "-in", tmp_path / "rsa.pem", "-pubout", "-out", tmp_path / "rsa_public.pem")
    openssl("pkey", "-in", keys[0], "-aes256", "-passout", "pass:secret", "-out", tmp_path / "locked.pem")
    (tmp_path / "junk.pem").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")

    def sign(key, why, code):
        done = run("checksum", data.root, "--sign", key, code=code, stdin=subprocess.DEVNULL)
        assert why in done.stderr and not manifest_path(data).exists(), done.stderr

    sign(tmp_path / "rsa.pem", "of type RSA; only Ed25519", 3)
    sign(tmp_path / "locked.pem", "is encrypted", 3)
    sign(tmp_path / "junk.pem", "no private key in PEM form", 2)
    sign(keys[1], "is a public key", 2)
    sign(tmp_path / "absent.pem", "No such file", 3)
    run("checksum", data.root, "--quiet", "--sign", keys[0])

    def check(key, why, code):
        assert why in run("checksum", data.root, "--check", "--verify-key", key, code=code).stderr

    check(keys[0], "is a private key", 2)
    check(tmp_path / "rsa_public.pem", "of type RSA; only Ed25519", 3)
    check(tmp_path / "locked.pem", "is a private key", 2)
    check(tmp_path / "junk.pem", "no public key in PEM form", 2)
