"""What must stay out of sight: recruiters' ids and model servers' keys. Digests find it, encryption keeps it.

Both keys come from RECRUITMENT_KEY, or from SECRET_KEY without it; what an older key made is still read while
SECRET_KEY_FALLBACKS names it.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def digests(*parts: object) -> list[str]:
    """The parts' digest with each key, the present one first."""
    text = json.dumps(parts).encode()
    return [hmac.new(key, text, hashlib.sha256).hexdigest() for key in _keys("digest")]


def fernet(purpose: str) -> MultiFernet:
    """Encrypts with the present key, decrypts with any."""
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in _keys(purpose)])


def _keys(purpose: str) -> list[bytes]:
    secrets = [settings.RECRUITMENT_KEY, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_key(purpose, secret) for secret in secrets if secret]


@lru_cache
def _key(purpose: str, secret: str) -> bytes:
    info = f"manyminds recruitment {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
