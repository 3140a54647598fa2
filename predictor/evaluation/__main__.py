"""
Evaluate detectors on a folder of labelled pictures and print a table.

Exit with 2 if the folder cannot be used.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track

from predictor.evaluation.average_precision import average_precision
from predictor.evaluation.breakdown import Breakdown, break_down
from predictor.evaluation.coco import DatasetError
from predictor.evaluation.dataset import Labelled, read_dataset
from predictor.evaluation.drawing import draw
from predictor.evaluation.figures import Figure, measure
from predictor.evaluation.matching import Found, judge
from predictor.evaluation.report import breakdown_table, document, sweep_table, table
from predictor.evaluation.subjects import Subject, subject
from predictor.evaluation.sweep import PICTURES, draw_sweep, judge_picture

_IN_PROCESS = ("network", "hough-tuned", "hough-tutorial")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m predictor.evaluation", description=__doc__)
    parser.add_argument(
        "data", type=Path, nargs="?", help="COCO folder of Roboflow, Label Studio, CVAT or FiftyOne"
    )
    parser.add_argument(
        "--url", action="append", default=[], help="also judge the predictor that runs there"
    )
    parser.add_argument(
        "--detector",
        action="append",
        choices=_IN_PROCESS,
        help="in process; all three if none is named",
    )
    parser.add_argument("--weights", type=Path, help="another network than the shipped one")
    parser.add_argument(
        "--domain", action="append", help="only pictures of this domain; may be given again"
    )
    parser.add_argument(
        "--split",
        choices=("train", "validation", "test"),
        help="only pictures of this side, as circles dataset writes it",
    )
    parser.add_argument(
        "--sweep", action="store_true", help="judge on drawn discs of every size instead of data"
    )
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument(
        "--draw", type=Path, help="write annotated pictures there, one folder per detector"
    )
    arguments = parser.parse_args()
    if (arguments.data is None) != arguments.sweep:
        parser.error("give either data or --sweep")
    return arguments


def main() -> None:
    """Evaluate every subject on every picture, or exit with 2 and the reason."""
    arguments = _arguments()
    try:
        (_sweep if arguments.sweep else _evaluate)(arguments)
    except DatasetError as error:
        print(f"evaluation: {error}", file=sys.stderr)
        raise SystemExit(2) from None


def _names(arguments: argparse.Namespace) -> list[str]:
    named: list[str] = arguments.url + (arguments.detector or [])
    return named or list(_IN_PROCESS)


def _sweep(arguments: argparse.Namespace) -> None:
    console = Console()
    found = {}
    for name in _names(arguments):
        judged = subject(name, arguments.weights)
        pictures = track(draw_sweep(), judged.name, total=PICTURES, console=Console(stderr=True))
        found[judged.name] = [judge_picture(judged, picture) for picture in pictures]
        console.print(sweep_table(judged.name, found[judged.name]))
    if arguments.json:
        rows = {name: [asdict(each) for each in verdicts] for name, verdicts in found.items()}
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")


def _evaluate(arguments: argparse.Namespace) -> None:
    names = _names(arguments)
    pictures = [
        p
        for p in read_dataset(arguments.data)
        if (not arguments.domain or p.domain in arguments.domain)
        and (not arguments.split or p.side == arguments.split)
    ]
    if not pictures:
        wanted = [f"domain {name}" for name in arguments.domain or ()]
        wanted += [f"split {arguments.split}"] if arguments.split else []
        raise DatasetError(f"{arguments.data} does not hold pictures of {' or '.join(wanted)}.")
    console = Console()
    rows: dict[tuple[str, str], dict[str, Figure]] = {}
    details: dict[str, list[Breakdown]] = {}
    for name in names:
        judged = subject(name, arguments.weights)
        answers = _answers(judged, pictures)
        for domain, members in _domains(pictures).items():
            rows[domain, judged.name] = _figures(
                [answers[i] for i in members], [pictures[i] for i in members]
            )
        details[judged.name] = break_down(
            [a for a, _ in answers], [a for _, a in answers], pictures
        )
        if arguments.draw:
            for picture, (sure, _) in zip(pictures, answers, strict=True):
                draw(
                    sure,
                    picture,
                    arguments.draw / _folder_name(judged.name) / f"{picture.file.stem}.png",
                )
    sizes = {
        d: (len(m), sum(len(pictures[i].boxes) for i in m)) for d, m in _domains(pictures).items()
    }
    rows = dict(sorted(rows.items(), key=lambda item: list(sizes).index(item[0][0])))
    Console(width=max(console.width, 190)).print(table(rows, sizes))
    for name, parts in details.items():
        for part in parts:
            console.print(breakdown_table(name, part))
    if arguments.json:
        figures = document(rows, sizes, details)
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n")


Answers = tuple[Found, Found]
"""What was found at the shipped threshold, and with the unsure ones."""


def _answers(judged: Subject, pictures: Sequence[Labelled]) -> list[Answers]:
    return [
        _answer(judged, picture)
        for picture in track(
            pictures, judged.name, total=len(pictures), console=Console(stderr=True)
        )
    ]


def _answer(judged: Subject, picture: Labelled) -> Answers:
    try:
        data = picture.file.read_bytes()
        return judged.find(data, unsure=False), judged.find(data, unsure=True)
    # Pillow raises them for a broken picture, urllib for a predictor that does not answer
    except (OSError, SyntaxError) as error:
        raise DatasetError(f"{judged.name} cannot answer for {picture.file}: {error}.") from error


def _domains(pictures: Sequence[Labelled]) -> dict[str, list[int]]:
    """
    Return the indices of each domain's pictures.

    With several domains, "all" has those of all pictures.
    """
    domains: dict[str, list[int]] = {}
    for index, picture in enumerate(pictures):
        domains.setdefault(picture.domain, []).append(index)
    return domains if len(domains) == 1 else {**domains, "all": list(range(len(pictures)))}


def _figures(answers: Sequence[Answers], pictures: Sequence[Labelled]) -> dict[str, Figure]:
    verdicts = [judge(sure, picture) for (sure, _), picture in zip(answers, pictures, strict=True)]
    ap50, ap = average_precision([unsure for _, unsure in answers], pictures)
    nan = float("nan")
    return {**measure(verdicts), "ap50": Figure(ap50, nan, nan), "ap50_95": Figure(ap, nan, nan)}


def _folder_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-." else "_" for c in name)


if __name__ == "__main__":
    main()
