"""Names and places anywhere in a text, by presidio and the spaCy models that are installed: the extra `pii`.

Nothing is downloaded. Of presidio only the recogniser that reads spaCy's entities is used; its others look for what
the recognisers of this folder find, and one of them would fetch a list from the network.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tunesmith.data.pii.match import Kind, PiiMatch
from tunesmith.errors import InvalidRequest

_KINDS: dict[str, Kind] = {"PERSON": "name", "LOCATION": "address"}
_CHINESE = re.compile(r"[一-龥]")
_INSTALL = (
    "install the extra with `pip install 'tunesmith[pii]'` and a spaCy model for each language, "
    "such as `python -m spacy download en_core_web_sm` and `python -m spacy download zh_core_web_sm`"
)


class NamedEntities:
    """Finds names and places; keep one, loading takes seconds. `models` maps en or zh to a spaCy package or folder.

    Raises InvalidRequest, with what to install, when presidio or every model is missing.
    """

    def __init__(self, models: Mapping[str, str] | None = None) -> None:
        spacy = _imported("spacy")
        found = dict(models) if models is not None else _installed(spacy)
        if not found:
            raise InvalidRequest(f"no spaCy model for names and addresses is installed; {_INSTALL}", param="kinds")
        self.languages = tuple(found)
        self._analyzer = _analyzer(found)

    def find(self, text: str) -> Iterator[PiiMatch]:
        """In the language that the text is in, as far as there is a model for it."""
        language = "zh" if _CHINESE.search(text) else "en"
        if language not in self.languages:
            return
        for entity in self._analyzer.analyze(text, language=language, entities=list(_KINDS)):
            kind = _KINDS[entity.entity_type]
            yield PiiMatch(kind, entity.start, entity.end, text[entity.start : entity.end])


def _imported(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise InvalidRequest(
            f"finding names and addresses needs presidio and spaCy; {_INSTALL}", param="kinds"
        ) from error


def _installed(spacy: Any) -> dict[str, str]:
    """One model for each language, the smallest; English and Chinese only."""
    names = sorted(spacy.util.get_installed_models(), key=lambda name: ("_sm" not in name, name), reverse=True)
    return {name[:2]: name for name in names if name.startswith(("en_", "zh_"))}


def _analyzer(models: Mapping[str, str]) -> Any:
    presidio = _imported("presidio_analyzer")
    engine = _imported("presidio_analyzer.nlp_engine").SpacyNlpEngine(
        models=[{"lang_code": language, "model_name": name} for language, name in models.items()]
    )
    engine.load()
    registry = presidio.RecognizerRegistry(recognizers=[], supported_languages=list(models))
    recognizer = _imported("presidio_analyzer.predefined_recognizers").SpacyRecognizer
    for language in models:
        registry.add_recognizer(recognizer(supported_language=language, supported_entities=list(_KINDS)))
    return presidio.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=list(models))
