"""The tap's command line: as the SDK's, but every failure has a message and an exit code."""

from __future__ import annotations

import json
import os
import sys
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NoReturn, Self

import click
from singer_sdk.exceptions import ConfigValidationError, MappingError
from typing_extensions import override

from tap_exact_online import meltano, output
from tap_exact_online import settings as _settings
from tap_exact_online.errors import ConfigurationError, OutputLost, TapError
from tap_exact_online.settings import read_env
from tap_exact_online.spoken import spoken
from tap_exact_online.streams import TerminableTap, settings_of_sdk
from tap_exact_online.telling import tell_failure, tell_outcome

_CONFIGURATIONS = "tap_exact_online.configurations"


class CommandTap(TerminableTap):
    """A tap that says in words and by its exit code how it ended."""

    only_selected = False
    """Only the streams that a run needs are made: set where a run follows, not where all are listed."""

    @abstractmethod
    def read(self) -> bool:
        """Read everything that is selected; return whether nothing is left for the next run."""

    @property
    @abstractmethod
    def has_skipped(self) -> bool:
        """Whether something was skipped for lack of a right."""

    @abstractmethod
    def test(self) -> None:
        """Find out whether anything can be read."""

    @abstractmethod
    def choose(self) -> None:
        """Find out what is to be read, before the streams are made."""

    @abstractmethod
    def check(self) -> None:
        """Check what was given, before anything is sent."""

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # as in the SDK's own Tap: a tap has more options than a plugin
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        """Run the tap."""
        if about:
            with cls._exit_codes():
                cls.print_about(about_format)
            return
        with cls._exit_codes():
            if sys.stdout is None:
                msg = "Standard output is closed, so rows have nowhere to go. Run the tap in front of a loader, or into a file."
                raise ConfigurationError(msg)
            cls.print_version(print_fn=cls.logger.info)
            given = _document(state, "--state"), _catalog(catalog)
            context = click.get_current_context(silent=True)
            meltano.check_alone(context.meta.get(_CONFIGURATIONS, ()) if context else ())
            tap = cls._from_command_line(config, *given)
            whole = tap.read()
            tell_outcome(0, whole=whole, skipped=tap.has_skipped)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read the configuration files."""
        ctx.meta[_CONFIGURATIONS] = value
        meltano.begin(value)
        with cls._exit_codes():
            try:
                found = super().cb_config(ctx, param, value)
            except (OSError, ValueError) as error:
                # Who gives the settings themselves instead of a file has a secret in them.
                inline = any(each.lstrip().startswith("{") for each in value)
                named = "what is given" if inline else spoken(" ".join(value))
                why = "it is no file, but the settings themselves" if inline else spoken(error)
                msg = f"--config: {named} cannot be read as JSON: {why}"
                raise ConfigurationError(msg) from None
            found.config = _settings.of_config(found.config)
            if found.parse_env:
                found.config |= cls._from_environment()
                found.parse_env = False
            return found

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        """Write the catalog. A reader that has seen enough of it may leave: there is no run that would have to go on."""
        with cls._exit_codes():
            try:
                try:
                    super().cb_discover(ctx, param, value)
                finally:
                    output.flush()
            except BrokenPipeError:
                output.give_up()
                ctx.exit(TapError.exit_code)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Test the connection; the SDK would read the first page of every stream there is."""
        if value == "all":
            with cls._exit_codes():
                cls._from_command_line(ctx.params.get("config")).test()
            ctx.exit()
        super().cb_test(ctx, param, value)

    @classmethod
    def _from_environment(cls) -> dict[str, Any]:
        """Read the environment, with the `.env` file of the working folder behind it."""
        read_env()
        try:
            return {**settings_of_sdk(cls, _settings.PREFIX), **_settings.of_environment(os.environ)}
        except ValueError as error:
            msg = f"A variable TAP_EXACT_ONLINE_… is not what it should be: {spoken(error)}"
            raise ConfigurationError(msg) from None

    @classmethod
    def _from_command_line(cls, config: Any, state: Any = None, catalog: Any = None) -> Self:
        given = config.config if config else {}
        tap = cls(config=given, state=state, catalog=catalog, setup_mapper=False)
        tap.only_selected = True
        tap.choose()
        tap.setup_mapper()
        tap.check()
        return tap

    @classmethod
    @contextmanager
    def _exit_codes(cls) -> Iterator[None]:
        """Turn failures into one line and the exit code they mean."""
        try:
            yield
            output.flush()
        except SystemExit as end:
            if isinstance(end.code, int):
                tell_outcome(end.code)
            raise
        except OutputLost as error:
            output.give_up()
            cls._fail(error)
        except ConfigValidationError as error:
            cls._fail(ConfigurationError(_settings.explain(error.errors)))
        except MappingError as error:
            cls._fail(ConfigurationError(f"`stream_maps`: {spoken(error)}"))
        except TapError as error:
            cls._fail(error)
        except BrokenPipeError:
            output.give_up()
            cls._fail(
                TapError(
                    "The loader closed the pipe: see its own messages. The next run goes on from its state."
                )
            )

    @classmethod
    def _fail(cls, error: TapError) -> NoReturn:
        tell_failure(error)
        sys.exit(error.exit_code)


def _catalog(file: IO[str] | None) -> dict[str, Any] | None:
    """Read a catalog that was given on the command line."""
    if file is None or (catalog := _document(file, "--catalog")) is None:
        return None
    if not is_catalog(catalog):
        msg = f"--catalog: {file.name} holds no Singer catalog. Make one with --discover."
        raise ConfigurationError(msg)
    return catalog


def is_catalog(document: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object is a Singer catalog."""
    streams = document.get("streams")
    return isinstance(streams, list) and all(
        isinstance(each, dict)
        and isinstance(each.get("tap_stream_id"), str)
        and isinstance(each.get("metadata", []), list)
        for each in streams
    )


def _document(file: IO[str] | None, option: str) -> dict[str, Any] | None:
    """Read a JSON file that was given on the command line."""
    if file is None:
        return None
    try:
        document = json.load(file)
    except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested without end
        document = None
    if not isinstance(document, dict):
        msg = f"{option}: {file.name} does not hold a JSON object."
        raise ConfigurationError(msg)
    return document
