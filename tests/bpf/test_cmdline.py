"""Command lines as people write them: no secret is left, and all else is."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pxcap.bpf.cmdline import LIMIT, arguments, command_line, is_secret
from pxcap.core.text import REDACTED

X = "hunter2-S3cret"

SECRETS: dict[str, tuple[list[str], str]] = {
    "long option": (["app", f"--password={X}", "-v"], "app --password=[redacted] -v"),
    "value apart": (["app", "--db-password", X, "run"], "app --db-password [redacted] run"),
    "value that begins with a hyphen": (["app", "--token", f"-{X}"], "app --token [redacted]"),
    "with spaces": (["app", f"--secret=a, {X}"], "app --secret=[redacted]"),
    "one hyphen": (["agent", f"-api-key={X}"], "agent -api-key=[redacted]"),
    "java": (["java", f"-Dspring.datasource.password={X}", "-jar", "a.jar"],
             "java -Dspring.datasource.password=[redacted] -jar a.jar"),
    "camel case": (["app", f"--accessKey={X}"], "app --accessKey=[redacted]"),
    "environment": (["env", f"PGPASSWORD={X}", "psql"], "env PGPASSWORD=[redacted] psql"),
    "environment in a container": (["docker", "run", "-e", f"MYSQL_ROOT_PASSWORD={X}", "-p", "80:80", "mysql:8"],
                                   "docker run -e MYSQL_ROOT_PASSWORD=[redacted] -p 80:80 mysql:8"),
    "mysql": (["/usr/bin/mysql", "-uroot", f"-p{X}", "-P", "3306"], "/usr/bin/mysql -uroot -p[redacted] -P 3306"),
    "mysqldump through sudo": (["sudo", "mysqldump", f"-p{X} !", "shop"], "sudo mysqldump -p[redacted] shop"),
    "redis-cli": (["redis-cli", "-a", X, "PING"], "redis-cli -a [redacted] PING"),
    "redis-server": (["redis-server", "--requirepass", X, "--port", "1"],
                     "redis-server --requirepass [redacted] --port 1"),
    "sshpass": (["sshpass", "-p", X, "ssh", "-p", "22", "h"], "sshpass -p [redacted] ssh -p [redacted] h"),
    "curl user": (["curl", "-u", f"alice:{X}", "http://h"], "curl -u alice:[redacted] http://h"),
    "curl user attached": (["curl", f"-ualice:{X}", "http://h"], "curl -ualice:[redacted] http://h"),
    "curl user, long": (["curl", f"--user=alice:{X}", "http://h"], "curl --user=alice:[redacted] http://h"),
    "curl header": (["curl", "-H", f"Authorization: Bearer {X}", "http://h"],
                    "curl -H 'Authorization: [redacted]' http://h"),
    "another header": (["curl", "-H", f"X-Api-Key: {X}"], "curl -H 'X-Api-Key: [redacted]'"),
    "cookie": (["curl", "-H", f"Cookie: a=1; session={X}"], "curl -H 'Cookie: [redacted]'"),
    "openssl": (["openssl", "rsa", "-passin", f"pass:{X}"], "openssl rsa -passin [redacted]"),
    "URL": (["app", f"postgres://shop:{X}@db:5432/shop?sslmode=require"],
            "app postgres://shop:[redacted]@db:5432/shop?sslmode=require"),
    "URL without a user, and @ in the password": (["app", f"redis://:p@{X}@r/0"], "app redis://:[redacted]@r/0"),
    "URL in an assignment": (["app", f"DATABASE=amqp://u:{X}@mq"], "app DATABASE=amqp://u:[redacted]@mq"),
    "query": (["app", f"https://h/p?a=1&token={X}&b=2"], "app https://h/p?a=1&token=[redacted]&b=2"),
    "JSON": (["app", f'{{"user": "u", "password": "{X}", "n": 1}}'],
             """app '{"user": "u", "password": [redacted], "n": 1}'"""),
    "connection string": (["psql", f"host=db password={X} user=u"], "psql 'host=db password=[redacted] user=u'"),
    "assignment in an assignment": (["app", f"OPTS=-Xmx1g -Dpassword={X}"], "app 'OPTS=-Xmx1g -Dpassword=[redacted]'"),
    "assignment in an assignment, one word": (["app", f"OPTS=-Dpassword={X}"], "app OPTS=-Dpassword=[redacted]"),
    "script": (["sh", "-c", f"mysql -p{X} shop"], "sh -c 'mysql -p[redacted] shop'"),
    "quoted value in a script": (["sh", "-c", f'app --password "a {X}" -v'], "sh -c 'app --password [redacted] -v'"),
    "script in a script": (["sh", "-c", f"ssh h 'redis-cli -a {X}' | wc"],
                           """sh -c 'ssh h '"'"'redis-cli -a [redacted] | wc'"""),
    "header in a script": (["sh", "-c", f'curl -H "Authorization: Basic {X}" h; mysql -p{X} shop'],
                           """sh -c 'curl -H "Authorization: [redacted]" h; mysql -p[redacted] shop'"""),
    "title": ([f"worker: --token={X} busy"], "worker: --token=[redacted] busy"),
}  # fmt: skip


@pytest.mark.parametrize(("argv", "expected"), SECRETS.values(), ids=SECRETS.keys())
def test_secrets_are_left_out(argv: list[str], expected: str) -> None:
    line = command_line("\0".join(argv).encode() + b"\0")
    assert X not in line
    assert line == expected


PLAIN: dict[str, tuple[bytes, str]] = {
    "kernel thread": (b"", ""),
    "only ends": (b"\0\0\0", ""),
    "one word": (b"/sbin/init\0", "/sbin/init"),
    "no end": (b"a\0b", "a b"),
    "empty argument": (b"a\0\0b\0", "a '' b"),
    "a title": (b"nginx: worker process\0\0\0", "nginx: worker process"),
    "spaces": (b"a\0b c\0", "a 'b c'"),
    "lines": (b"sh\0-c\0a\nb\0", "sh -c 'a b'"),
    "not UTF-8": (b"caf\xe9\0\xff\0", r"caf\xe9 \xff"),
    "ports": (b"docker\0run\0-p\x008080:80\0nginx\0", "docker run -p 8080:80 nginx"),
    "another -p": (b"nginx\0-p/etc/nginx\0", "nginx -p/etc/nginx"),
    "files": (b"app\0--password-file=/run/x\0--token-ttl=1h\0", "app --password-file=/run/x --token-ttl=1h"),
    "no value": (b"mongod\0--auth\0--port\x0027017\0", "mongod --auth --port 27017"),
    "prompt": (b"mysql\0-p\0shop\0", "mysql -p shop"),
    "user without a password": (b"curl\0-u\0alice\0", "curl -u alice"),
    "URL with a port": (b"app\0http://h:80/a@b\0", "app http://h:80/a@b"),
}


@pytest.mark.parametrize(("cmdline", "expected"), PLAIN.values(), ids=PLAIN.keys())
def test_all_else_is_kept(cmdline: bytes, expected: str) -> None:
    assert command_line(cmdline) == expected


def test_names() -> None:
    for name in ("password", "--DB_PASSWD", "secretKey", "AWS_SECRET_ACCESS_KEY", "x-auth-token", "MYSQL_PWD", "auth"):
        assert is_secret(name), name
    for name in ("AWS_ACCESS_KEY_ID", "tokenizer", "bypass", "author", "secretName", "compass", "key", "secure"):
        assert not is_secret(name), name


def test_long_lines_are_cut() -> None:
    line = command_line("\0".join(["app", *["ä" * 1000] * 50]).encode())
    assert len(line.encode()) in (LIMIT, LIMIT - 1)
    assert "\\" not in line


HOSTILE = [b"a" * 65536, b"=" * 65536, b"a=" * 32768, b'"' * 65535, b" -" * 32768, b"a:" * 32768, b"'\"" * 32768,
           b"a://" * 16384, b"password=" * 7000, b"\0" * 65536, b"authorization:" * 4000, b" " * 65536]  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE, ids=lambda content: repr(content[:14]))
def test_hostile_lines_end(content: bytes) -> None:
    assert len(command_line(content)) <= LIMIT


@given(st.lists(st.binary(max_size=30).map(lambda word: word.replace(b"\0", b"")), min_size=1))
def test_any_bytes(argv: list[bytes]) -> None:
    line = command_line(b"\0".join(argv))
    line.encode()
    assert line.splitlines() in ([], [line])


def test_this_process() -> None:
    with open(f"/proc/{os.getpid()}/cmdline", "rb") as file:
        cmdline = file.read()
    assert len(arguments(cmdline)) > 1
    assert REDACTED not in command_line(cmdline)
