"""``dgf doctor``."""

from __future__ import annotations

import sqlite3
from typing import Any

from datagenflow_nb import __version__
from datagenflow_nb.settings import Settings
from datagenflow_nb.workspaces import Workspace


def test_no_store_yet(dgf: Any) -> None:
    """Without a store all is well, and none is made by looking."""
    assert "no store yet at datagenflow.db" in dgf("doctor").stdout
    report = dgf.json("doctor")
    assert report["ok"] is True
    assert report["store"] == {"path": str(dgf.folder / "datagenflow.db"), "exists": False}
    assert report["versions"]["datagenflow-nb"] == __version__
    assert report["models"]["default"]["name"] == "offline"
    assert not (dgf.folder / "datagenflow.db").exists()


def test_store_that_was_named_but_is_not_there(dgf: Any) -> None:
    """A file named by --db that does not exist does not add up."""
    report = dgf.json("doctor", "--db", "x.db", status=1)
    assert report["problems"] == [f"store: there is no file {dgf.folder / 'x.db'}"]


def test_healthy_store(dgf: Any, echo: tuple[str, str]) -> None:
    """Counts of a healthy store, every finding 0."""
    dgf("run", *echo)
    store = dgf.json("doctor")["store"]
    assert (store["jobs"], store["records"], store["journal_mode"]) == (1, 3, "wal")
    assert store["migrations"][0] == "m001_initial"
    assert set(store["findings"].values()) == {0}
    assert dgf("doctor").stdout.endswith("Everything adds up.\n")


def test_store_that_does_not_add_up(dgf: Any, echo: tuple[str, str]) -> None:
    """A record that lost its execution is counted and told, status 1."""
    dgf("run", *echo)
    connection = sqlite3.connect(dgf.folder / "datagenflow.db")
    connection.execute("DELETE FROM executions WHERE seed_index = 1")
    connection.commit()
    connection.close()
    report = dgf.json("doctor", status=1)
    assert report["store"]["findings"]["records without their execution"] == 1
    assert "store: 1 records without their execution" in report["problems"]
    assert "Does not add up\n" in dgf("doctor", status=1).stdout


def test_damaged_and_foreign_stores(dgf: Any) -> None:
    """A file that is no SQLite, and one of another program, are told."""
    dgf.write("damaged.db", "this is no database, though it is long enough to be one\n" * 100)
    connection = sqlite3.connect(dgf.folder / "foreign.db")
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    (damaged,) = dgf.json("doctor", "--db", "damaged.db", status=1)["problems"]
    assert "damaged.db" in damaged
    (foreign,) = dgf.json("doctor", "--db", "foreign.db", status=1)["problems"]
    assert "another program (tables: t)" in foreign


def test_settings_and_their_sources(dgf: Any) -> None:
    """Each setting says where it came from, and the key never appears."""
    dgf.write(".env", "LLM_MODEL=small\nLLM_ENDPOINT=http://127.0.0.1:9/v1\n")
    report = dgf("doctor", "--json", LLM_ENDPOINT="http://127.0.0.1:8/v1", LLM_API_KEY="sk-secret")
    settings = dgf.json("doctor", LLM_ENDPOINT="http://127.0.0.1:8/v1", LLM_API_KEY="sk-secret")[
        "settings"
    ]
    assert settings["LLM_ENDPOINT"] == {"value": "http://127.0.0.1:8/v1", "source": "environment"}
    assert settings["LLM_MODEL"] == {"value": "small", "source": ".env"}
    assert settings["LLM_API_KEY"] == {"value": "set", "source": "environment"}
    assert settings["DEBUG"] == {"value": False, "source": "default"}
    assert "sk-secret" not in report.stdout + report.stderr


def test_settings_that_cannot_be_used(dgf: Any) -> None:
    """A wrong setting and an incomplete model are problems, told with what to do."""
    assert dgf.json("doctor", status=1, DEBUG="perhaps")["problems"] == [
        "settings: DEBUG is 'perhaps', expected true or false"
    ]
    (problem,) = dgf.json("doctor", status=1, LLM_MODEL="small")["problems"]
    assert problem.startswith("models: LLM_MODEL or LLM_API_KEY is set but LLM_ENDPOINT is not")


def test_models_of_the_store(dgf: Any) -> None:
    """Configured models are listed; one whose key is missing here is a note, not a problem."""
    workspace = Workspace(Settings(dgf.folder, database_path=dgf.folder / "datagenflow.db"))
    workspace.add_model("local", endpoint="http://127.0.0.1:9/v1", model="small")
    workspace.close()
    (model,) = dgf.json("doctor")["models"]["configured"]
    assert (model["name"], model["model"], model["error"]) == ("local", "small", None)
    assert "  local: small at http://127.0.0.1:9/v1\n" in dgf("doctor").stdout


def test_blocks_that_cannot_be_loaded(dgf: Any) -> None:
    """A block file that cannot be loaded does not add up."""
    (dgf.folder / "blocks").mkdir()
    dgf.write("blocks/bad.py", "import nowhere\n")
    (problem,) = dgf.json("doctor", status=1)["problems"]
    assert "bad.py: line 1: ModuleNotFoundError: No module named 'nowhere'" in problem
