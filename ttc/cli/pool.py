"""`ttc pool`: pools as single files that can be published, cited and added."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ttc.cli._options import RESULTS, Force, Results, Run

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Pack a run's samples as one file with licence, price and hashes; add somebody else's.",
)


@app.command("pack")
def pack(
    run: Run,
    license_id: Annotated[
        str,
        typer.Option(
            "--license",
            help="Needed: an SPDX id, such as CC-BY-4.0, MIT, LicenseRef-OURS.",
            show_default=False,
        ),
    ] = "",
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="The file, or a URL to put it to (default: RECIPE-ID.pool.zip).",
            metavar="FILE|URL",
        ),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="What it is called (default: the recipe's name).")
    ] = "",
    citation: Annotated[
        str, typer.Option("--citation", help="How to cite it: a text, or a file with one.")
    ] = "",
    without_texts: Annotated[
        bool, typer.Option("--without-texts", help="Leave questions and models' texts out.")
    ] = False,
    force: Force = False,
    results: Results = RESULTS,
) -> None:
    """Pack a run as a pool: one file, whose small tables stand apart from its texts.

    Everything is hashed; logs and the journal stay behind. Addresses of servers are left out of
    the manifest; what the recipe itself says of addresses and paths is listed, to be looked at.

    Examples: `ttc pool pack quickstart --license CC-BY-4.0`,
    `ttc pool pack mine --license MIT --citation CITATION.bib --to mine.pool.zip`,
    `ttc pool pack mine --license MIT --to s3://bucket/mine.pool.zip`
    """
    from ttc.errors import UsageError
    from ttc.store.licences import checked, citation_text
    from ttc.store.pool_file import ENDING
    from ttc.store.pool_pack import Told, described, pack_pool, places_told, safe_name
    from ttc.store.remote import written_to
    from ttc.store.run_folder import find_run
    from ttc.store.zips import digest_of
    from ttc.terminal import say

    licence = checked(license_id, "--license")
    if not licence:
        raise UsageError(
            "nobody may use a pool without a licence: name one, such as --license CC-BY-4.0"
        )
    found = find_run(run, results)
    target = to or f"{safe_name(found.recipe_name)}-{safe_name(found.run_id)}{ENDING}"
    told = Told(licence, name, citation_text(citation), not without_texts)
    with written_to(target, replace=force) as path:
        pool = pack_pool(found, path, told)
        size, digest = path.stat().st_size, digest_of(path)
    say("\n".join([f"Wrote {target}, {size / 1e6:.1f} MB", *described(pool)]))
    for place in places_told(found.manifest().recipe):
        say(f"Its recipe tells: {place}")
    say(f"SHA-256, to be given with its address: {digest}")


@app.command("add")
def add(
    source: Annotated[
        str, typer.Argument(help="A file, or a URL: https, s3, gs ...", metavar="FILE|URL")
    ],
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of runs (default: results/<its name>).")
    ] = None,
    without_texts: Annotated[
        bool, typer.Option("--without-texts", help="Its small tables only.")
    ] = False,
    sha256: Annotated[
        str, typer.Option("--sha256", help="What the file's SHA-256 must be.", metavar="HEX")
    ] = "",
    most: Annotated[
        float, typer.Option("--max-gib", min=0.001, help="Refuse what is larger, in GiB.")
    ] = 16.0,
    results: Results = RESULTS,
) -> None:
    """Make a run of a pool, for show, curves, fit-scaling and compare.

    Every file's hash is checked, and nothing is written outside of the run's folder. What was
    added without texts can be added again with them.

    Examples: `ttc pool add quickstart.pool.zip`,
    `ttc pool add https://example.org/aime.pool.zip --sha256 HEX --without-texts`
    """
    from contextlib import ExitStack
    from shlex import quote

    from ttc.cli._console import working
    from ttc.cli._values import ONE_FILE, folder_of
    from ttc.errors import UsageError
    from ttc.importing.download import downloaded, is_url
    from ttc.report.transfer import show_transfer
    from ttc.store.pool_add import add_pool, require_digest
    from ttc.store.pool_pack import described
    from ttc.store.remote import fetched_file
    from ttc.store.run_words import shortest_word
    from ttc.terminal import say

    if sha256 and (len(sha256) != 64 or not set(sha256.lower()) <= set("0123456789abcdef")):
        raise UsageError(f"--sha256 {sha256}: expected 64 hexadecimal digits")
    folder_of(to, "--to", ONE_FILE)
    largest = int(most * 2**30)
    with ExitStack() as stack:
        if source.startswith(("https://", "http://")):
            with show_transfer("download") as seen:
                path = stack.enter_context(downloaded(source, largest, seen))
        elif is_url(source):
            path = stack.enter_context(fetched_file(source, largest))
        else:
            path = Path(source)
        with working("checking"):
            if sha256:
                require_digest(path, sha256)
            run, pool = add_pool(
                path, results, to, texts=not without_texts, origin=source, largest=largest
            )
    say("\n".join([f"Added {run.path}", *described(pool)]))
    if pool.texts and without_texts:
        say("Its texts were left out; to have them, add it again without --without-texts")
    say(f"Look at it by: ttc show {quote(shortest_word(run))}")


@app.command("show")
def show(
    file: Annotated[str, typer.Argument(help="A pool's file, or its URL.", metavar="FILE|URL")],
    as_json: Annotated[bool, typer.Option("--json", help="Print pool.json.")] = False,
) -> None:
    """Print what a pool's file says it is, before adding it. Hashes are checked by `add`.

    Example: `ttc pool show quickstart.pool.zip`
    """
    from contextlib import nullcontext

    from ttc.store.pool_add import read_pool
    from ttc.store.pool_pack import described
    from ttc.store.remote import fetched_file
    from ttc.store.run_folder import is_url
    from ttc.store.zips import LARGEST, digest_of
    from ttc.terminal import say, say_json

    with fetched_file(file, LARGEST) if is_url(file) else nullcontext(Path(file)) as path:
        pool, digest = read_pool(path), digest_of(path)
    if as_json:
        say_json(pool.model_dump(mode="json"))
        return
    say("\n".join([*described(pool), f"SHA-256: {digest}"]))
