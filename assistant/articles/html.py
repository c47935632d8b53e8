"""The main text of a web page, without its furniture.

trafilatura decides what is main text; what is added here is structural and knows no site:
captions are set apart, hidden elements dropped, bodies cut up by advertisement breaks joined,
embedded posts kept, and blocks that repeat the title or only point elsewhere left out.
Runs on untrusted bytes: call it in the sandbox. Not handled: text drawn by JavaScript.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence

import trafilatura
from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from assistant.articles.blocks import Block, blocks_of
from assistant.articles.decoding import decode
from assistant.articles.metadata import page_facts
from assistant.articles.parsed import Parsed
from assistant.errors import ArticleError

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_CHARSET_WITHIN = 8_192  # bytes; browsers look at the first kilobyte, some pages need more
_CAPTION = re.compile(
    r"\S*caption([-_]*(text|inner|wrapper|s))?|((photo|image|img|media|picture|figure)[-_]*)?credits?",
    re.IGNORECASE,
)
_CAPTION_TAGS = {"cite", "dd", "div", "em", "p", "small", "span"}
_CAPTION_MAX = 600
_ALT_CHARS = range(12, 301)
_MAX_QUOTES = 200  # measuring what is around each costs as much as the page is long
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_MAX = 2_000  # more text than this is an article behind a "read more" button
_BODY = re.compile(r"(article|story|post|entry|content)[-_]*(body|text|content)", re.IGNORECASE)
_POINTER = re.compile(
    r"(related( (articles?|stories|content|links?))?|read (more|also|next)|see (more|also)|"
    r"more( (on|from) this| stories)|watch( now)?|don['’]t miss|you (may|might) also like|"
    r"also read|recommended( for you)?|advertisement|lesen sie auch|mehr zum thema|"
    r"lire aussi|à lire aussi|lea también|leia também|leggi anche|lees ook|читайте также)"
    r"\s*([:|…>».!-]|$)",
    re.IGNORECASE,
)
_LEGAL = re.compile(r"copyright\b|©|all rights reserved", re.IGNORECASE)
_POINTER_MAX, _LEGAL_MAX = 200, 300
_SUBSTANTIAL = 80  # characters of a paragraph that belongs to the story
_TITLE_WITHIN = 3  # blocks from the top in which the title may be repeated
_TOO_CAUTIOUS = 0.5  # below this share of the bold reading, the cautious one lost the story


def parse_html(data: bytes, *, url: str | None = None, charset: str | None = None) -> Parsed:
    """Main text and stated facts of a page; ``charset`` is what the server declared, if anything.

    Raises:
        ArticleError: the page holds no text, or none that stands out as an article.
    """
    page = _tree(data, charset)
    facts = page_facts(page, url=url)
    _drop_hidden(page)
    captions = _take_captions(page)
    _keep_embedded_posts(page)
    _join_split_bodies(page)
    chosen, notices = _read_two_ways(page)
    alts = {" ".join(alt.split()) for alt in page.xpath("//img/@alt") if len(alt) in _ALT_CHARS}
    captions += [b.text for b in chosen if b.text in alts]
    titles = [" ".join(h1.text_content().split()) for h1 in page.iter("h1")]
    titles += [facts["title"][0]] if "title" in facts else []
    kept = _without_furniture(chosen, captions, titles)
    if not kept:
        raise ArticleError(
            "the page holds no article text; it may be drawn by JavaScript or lie behind a "
            "consent or subscription page: open it in a browser, save it, and add the file"
        )
    text = "\n\n".join(block.text for block in kept)
    return Parsed(text, facts, captions=tuple(dict.fromkeys(captions)), notices=notices)


def _tree(data: bytes, charset: str | None) -> HtmlElement:
    stated = _CHARSET.search(data[:_CHARSET_WITHIN])
    text = decode(data, declared=charset or (stated[1].decode("ascii") if stated else None))
    # Encoded again because lxml refuses a str that carries an XML encoding declaration.
    parser = HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        return document_fromstring(text.encode("utf-8", "ignore"), parser=parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise ArticleError(f"this is not a readable HTML page ({error})") from None


def _drop_hidden(page: HtmlElement) -> None:
    for element in page.xpath("//body//*[@hidden or @style]"):
        hidden = "hidden" in element.attrib or _HIDDEN.search(element.get("style", ""))
        if hidden and len(element.text_content()) < _HIDDEN_MAX:
            element.drop_tree()


def _take_captions(page: HtmlElement) -> list[str]:
    """Remove captions from the page and return them: a picture's words are not the story's."""
    captions = []
    for element in page.xpath("//body//*[self::figcaption or @class]"):
        names = element.get("class", "").split()
        named = element.tag in _CAPTION_TAGS and any(map(_CAPTION.fullmatch, names))
        if element.getparent() is None or not (named or element.tag == "figcaption"):
            continue
        text = " ".join(element.text_content().split())
        if len(text) <= _CAPTION_MAX:
            captions += [text] if text else []
            element.drop_tree()
    return captions


def _keep_embedded_posts(page: HtmlElement) -> None:
    """Posts that an article quotes are content, though their wrappers are named like adverts."""
    for quote in list(page.iter("blockquote"))[:_MAX_QUOTES]:
        length = len(quote.text_content().strip())
        for element in (quote, *quote.iterancestors("div", "figure", "section")):
            if len(element.text_content().strip()) > length + 40:
                break
            element.attrib.pop("class", None)
            element.attrib.pop("id", None)


def _join_split_bodies(page: HtmlElement) -> None:
    """An article cut by advertisement breaks into equal containers becomes one again."""
    groups: dict[str, list[HtmlElement]] = {}
    for element in page.xpath("//body//div[@class] | //body//section[@class]"):
        if _BODY.search(element.get("class")):
            groups.setdefault(element.get("class"), []).append(element)
    for first, *rest in groups.values():
        # Containers with headlines of their own, or inside each other, are several articles.
        if any(part.xpath(".//h1 | .//article | ancestor::aside") for part in rest) or any(
            first in part.iterancestors() for part in rest
        ):
            continue
        for part in rest:
            first.extend(list(part))
            part.drop_tree()


def _read_two_ways(page: HtmlElement) -> tuple[list[Block], tuple[str, ...]]:
    cautious = _main_blocks(page, cautious=True)
    short = _length(cautious)
    if short >= _TOO_CAUTIOUS * len(page.xpath("string(//body)")):
        return cautious, ()  # there is not enough on the page for another reading to win
    bold = _main_blocks(page, cautious=False)
    long = _length(bold)
    if short >= _TOO_CAUTIOUS * long:
        return cautious, ()
    notice = (
        f"Two ways of reading this page disagree ({short:,} and {long:,} characters); "
        "the longer text was kept, so look whether all of it belongs to the article."
    )
    return bold, (notice,)


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _main_blocks(page: HtmlElement, *, cautious: bool) -> list[Block]:
    found = trafilatura.bare_extraction(
        copy.deepcopy(page),
        include_comments=False,
        include_links=True,
        favor_precision=cautious,
        with_metadata=False,
    )
    body = getattr(found, "body", None)
    return [] if body is None else list(blocks_of(body))


def _without_furniture(
    blocks: Sequence[Block], captions: Sequence[str], titles: Sequence[str]
) -> list[Block]:
    kept = [
        block
        for i, block in enumerate(blocks)
        if block.text not in captions
        and not (i < _TITLE_WITHIN and any(_same_words(block.text, title) for title in titles))
        and not _points_elsewhere(block.text)
    ]
    while kept and kept[-1].linked and any(len(b.text) >= _SUBSTANTIAL for b in kept[:-1]):
        kept.pop()
    return kept


def _points_elsewhere(text: str) -> bool:
    if "\n" in text or len(text) >= _LEGAL_MAX:
        return False
    pointer = len(text) < _POINTER_MAX and _POINTER.match(text)
    return bool(pointer or _LEGAL.match(text))


def _same_words(one: str, other: str) -> bool:
    """Whether two lines are the same headline, give or take a word in five."""
    a, b = (set(re.findall(r"\w+", line.lower())) for line in (one, other))
    return bool(a and b) and len(a & b) >= 0.8 * len(a | b)
