"""How the clients of bench/asking.py ask, each in a process of its own: `python bench/askers.py JOB`.

JOB is JSON; what the asking took is printed as JSON:

    {"client": "bare", "address": "http://127.0.0.1:4000/plain/v1", "n": 1000, "at_once": 64,
     "logprobs": false, "pictures": "pictures"}
    {"wall_s": 3.4, "cpu_s": 0.7, "start_cpu_s": 0.6, "labels": 1000}

Every client reads a post's picture from its file, sends text and picture, and reads the label out of the
answer. One post is asked before the time is taken: libraries load much at their first request. Only `ours`
imports anything of bizmeme: the others run where it is not installed.
"""

import asyncio
import base64
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL = "gpt-4o-mini"
SIDE_PX = 512  # of the pictures
LABELS = ("bearish", "neutral", "bullish")
INSTRUCTION = "Say the mood of the post between the marks, by its text and its picture."
SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string", "enum": list(LABELS)}, "rationale": {"type": "string"}},
    "required": ["label", "rationale"],
    "additionalProperties": False,
}


Post = tuple[str, Path]  # text, picture
Ask = Callable[[list[Post]], list[str]]


@dataclass(frozen=True)
class Job:
    """What is asked, and where."""

    client: str
    address: str
    n: int
    at_once: int
    logprobs: bool
    pictures: str

    def posts(self) -> list["Post"]:
        """One more than is measured."""
        pictures = sorted(Path(self.pictures).glob("*.jpg"))
        fenced = (f"<post>\nsubject: of {number}\ntext: up we go\n</post>" for number in range(self.n + 1))
        return [(text, pictures[number % len(pictures)]) for number, text in enumerate(fenced)]

    def options(self) -> dict[str, Any]:
        """What stands in each request beside model and messages."""
        schema = {"name": "mood", "strict": True, "schema": SCHEMA}
        asked: dict[str, Any] = {"response_format": {"type": "json_schema", "json_schema": schema}}
        return asked | ({"logprobs": True, "top_logprobs": 5} if self.logprobs else {})


def messages(text: str, picture: Path) -> list[dict[str, Any]]:
    """A chat with a picture."""
    url = "data:image/jpeg;base64," + base64.b64encode(picture.read_bytes()).decode()
    user = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url, "detail": "low"}}]
    return [{"role": "system", "content": INSTRUCTION}, {"role": "user", "content": user}]


def label(content: str | None) -> str:
    """The answer's label."""
    return str(json.loads(content or "")["label"])


def bare(job: Job) -> Ask:
    """The floor: aiohttp, json, and as many workers as may ask at once."""
    import aiohttp

    async def work(http: aiohttp.ClientSession, waiting: Iterator[Post], labels: list[str]) -> None:
        for text, picture in waiting:
            body = {"model": MODEL, "messages": messages(text, picture)} | job.options()
            async with http.post(f"{job.address}/chat/completions", json=body) as response:
                labels.append(label((await response.json())["choices"][0]["message"]["content"]))

    async def ask(posts: list[Post]) -> list[str]:
        waiting, labels = iter(posts), list[str]()
        async with aiohttp.ClientSession(headers={"Authorization": "Bearer none"}) as http:
            await asyncio.gather(*(work(http, waiting, labels) for _ in range(job.at_once)))
        return labels

    return lambda posts: asyncio.run(ask(posts))


def sdk(job: Job) -> Ask:
    """The vendor's SDK behind a semaphore."""
    from openai import AsyncOpenAI

    async def ask(posts: list[Post]) -> list[str]:
        room = asyncio.Semaphore(job.at_once)
        async with AsyncOpenAI(api_key="none", base_url=job.address) as client:

            async def one(text: str, picture: Path) -> str:
                async with room:
                    completion = await client.chat.completions.create(
                        model=MODEL, messages=messages(text, picture), **job.options()
                    )
                    return label(completion.choices[0].message.content)

            return await asyncio.gather(*(one(*post) for post in posts))

    return lambda posts: asyncio.run(ask(posts))


def ours(job: Job) -> Ask:
    """The desk that the stage auto_label asks at: prices, limits, journal and all, in an empty $HOME."""
    from bizmeme.clocks import wall
    from bizmeme.ports.labellers import Picture, Question
    from bizmeme.shell.journals import open_journal
    from bizmeme.shell.paying.asking import LiveDesk
    from bizmeme.shell.paying.desk import Asking

    clock, how = wall.build(wall.Config(name="wall")), Asking(tries=3, pause_s=1)

    def picture(sha256: str) -> bytes:
        return (Path(job.pictures) / f"{sha256}.jpg").read_bytes()

    async def ask(posts: list[Post]) -> list[str]:
        questions = {
            text: Question(INSTRUCTION, text, Picture(path.stem, SIDE_PX, SIDE_PX)) for text, path in posts
        }
        labeller = _labeller(job)
        with open_journal(Path.home(), "real") as journal:
            desk = LiveDesk(labeller, "openai", journal, how=how, cap_usd=1000)
            answers = await desk.ask_all(questions, picture, clock, what="asked")
        await labeller.close()
        return [str(asked.answer.label) for asked in answers.values()]

    return lambda posts: asyncio.run(ask(posts))


def _labeller(job: Job) -> Any:
    """conf/'s, live, without limits a minute."""
    import yaml

    from bizmeme.core.prices import PriceTable
    from bizmeme.core.vocabulary import Labels
    from bizmeme.labellers.openai import Config, build

    conf = Path(__file__).parents[1] / "conf"
    section = yaml.safe_load((conf / "labeller/openai.yaml").read_text())["openai"]
    section |= {"base_url": job.address, "api_key_env": "OPENAI_API_KEY", "model": MODEL, "mode": "live"}
    section |= {"logprobs": job.logprobs}
    section["limits"] = dict.fromkeys(section["limits"]) | {"concurrency": job.at_once}
    prices = PriceTable.model_validate(yaml.safe_load((conf / "prices/default.yaml").read_text()))
    return build(Config(**section), labels=Labels(name="mood", names=LABELS), prices=prices)


def curator(job: Job) -> Ask:
    """Curator's own OpenAI backend; its cache is empty before."""
    from bespokelabs import curator as library

    class Asker(library.LLM):  # type: ignore[misc]
        def prompt(self, row: dict[str, str]) -> Any:
            return f"{INSTRUCTION}\n{row['text']}", library.types.Image(url=row["picture"], detail="low")

        def parse(self, row: dict[str, str], response: str) -> dict[str, str]:
            return {"label": label(response)}

    limits = {"max_requests_per_minute": 10_000_000, "max_tokens_per_minute": 10_000_000_000}
    asker = Asker(
        model_name=MODEL,
        backend="openai",
        generation_params=job.options(),
        backend_params={"base_url": job.address, "max_concurrent_requests": job.at_once} | limits,
    )

    def ask(posts: list[Post]) -> list[str]:
        rows = [{"text": text, "picture": str(picture)} for text, picture in posts]
        return [row["label"] for row in asker(rows).dataset]

    return ask


def distilabel(job: Job) -> Ask:
    """distilabel's OpenAILLM, so many at once; without its pipeline, which takes longer."""
    from distilabel.models.llms import OpenAILLM

    asker = OpenAILLM(model=MODEL, base_url=job.address, api_key="none")
    asker.load()
    logprobs = {"logprobs": True, "top_logprobs": 5} if job.logprobs else {}
    schema = {"response_format": job.options()["response_format"]}

    def ask(posts: list[Post]) -> list[str]:
        labels = list[str]()
        for start in range(0, len(posts), job.at_once):
            chats = [messages(*post) for post in posts[start : start + job.at_once]]
            for output in asker.generate(inputs=chats, extra_body=schema, **logprobs):
                labels.append(label(output["generations"][0]))
        return labels

    return ask


CLIENTS: dict[str, Callable[[Job], Ask]] = {
    "bare": bare,
    "sdk": sdk,
    "ours": ours,
    "curator": curator,
    "distilabel": distilabel,
}


def cpu_s() -> float:
    """CPU-seconds of this process and of those it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def main() -> None:
    """Run the job in the first argument."""
    job = Job(**json.loads(sys.argv[1]))
    ask = CLIENTS[job.client](job)
    first, *posts = job.posts()
    ask([first])
    started_s, start_cpu_s = time.perf_counter(), cpu_s()
    labels = ask(posts)
    took = {"wall_s": time.perf_counter() - started_s, "cpu_s": cpu_s() - start_cpu_s}
    told = took | {"start_cpu_s": start_cpu_s, "labels": sum(each in LABELS for each in labels)}
    sys.stdout.write("\n" + json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
