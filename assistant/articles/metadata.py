"""What a web page says about itself: title, byline, outlet, dates, language, canonical URL.

Each fact carries where it came from. Order of trust: JSON-LD of an article type, meta tags,
the visible page. What no source states stays unknown; a date is never guessed from the text
and never the time of reading.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from assistant.articles.dates import iso_date
from assistant.articles.parsed import Facts

_ARTICLE_TYPE = re.compile(r"(Article|BlogPosting|Report|Review|NewsItem|CreativeWork)$")
_LD_NODES = 2_000
_META: Mapping[str, tuple[str, ...]] = {
    "title": ("og:title", "parsely-title", "dc.title", "citation_title", "twitter:title"),
    "byline": (
        "author",
        "parsely-author",
        "sailthru.author",
        "dc.creator",
        "citation_author",
        "article:author",
        "byl",
    ),
    "outlet": (
        "og:site_name",
        "publisher",
        "dc.publisher",
        "citation_journal_title",
        "application-name",
    ),
    "published": (
        "article:published_time",
        "og:published_time",
        "parsely-pub-date",
        "sailthru.date",
        "datepublished",
        "dc.date.issued",
        "dc.date",
        "dcterms.created",
        "citation_publication_date",
        "pubdate",
        "publishdate",
        "date",
    ),
    "updated": (
        "article:modified_time",
        "og:updated_time",
        "datemodified",
        "lastmod",
        "dcterms.modified",
        "last-modified",
    ),
    "language": ("og:locale", "dc.language", "content-language", "language"),
    "url": ("og:url",),
}
_LD: Mapping[str, tuple[str, ...]] = {
    "title": ("headline", "name"),
    "byline": ("author", "creator"),
    "outlet": ("publisher",),
    "published": ("datePublished", "dateCreated"),
    "updated": ("dateModified",),
    "language": ("inLanguage",),
    "url": ("mainEntityOfPage", "url"),
}
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-](0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\d|3[01])(?=[/-])")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
_BY = re.compile(r"^\s*(by|von|par|por|door|di|от|автор:?)\s+", re.IGNORECASE)
_TITLE_MAX = 400
_BYLINE_MAX = 200
_NOBODY = {"admin", "administrator", "author", "editor", "staff", "unknown", "user"}


def page_facts(tree: HtmlElement, *, url: str | None = None) -> Facts:
    """All facts the page states, with their origins. ``url`` resolves a relative canonical link."""
    meta = _meta_tags(tree)
    found: Facts = {}
    node = _article_node(list(_ld_nodes(tree)))
    for field, keys in _LD.items():
        _offer(found, field, ((f"JSON-LD {key}", node.get(key)) for key in keys))
    _offer(found, "url", _canonical(tree))
    for field, names in _META.items():
        _offer(found, field, ((f"meta {name}", meta.get(name)) for name in names))
    for field, offers in _visible(tree).items():
        _offer(found, field, offers)
    if url:
        _offer(found, "published", [("the URL", _date_in_url(url))])
    if "url" in found:
        address = urljoin(url or "", found["url"][0])
        if urlsplit(address).scheme in ("http", "https"):
            found["url"] = (address, found["url"][1])
        else:
            del found["url"]
    if "title" in found:
        title, origin = found["title"]
        found["title"] = (_without_outlet(title, found.get("outlet", ("", ""))[0], url), origin)
    return found


def _offer(found: Facts, field: str, offers: Any) -> None:
    """Take the first usable value, unless a more trusted source gave one already."""
    for origin, value in offers:
        if field in found:
            return
        usable = _usable(field, value)
        if usable:
            found[field] = (usable, origin)


def _usable(field: str, value: Any) -> str | None:
    text = _name(value)
    text = " ".join(html.unescape(html.unescape(text)).split())
    if not text or len(text) > _TITLE_MAX:
        return None
    if field in ("published", "updated"):
        return iso_date(text)
    if field == "language":
        return text.replace("_", "-") if _LANGUAGE.fullmatch(text) else None
    if field in ("byline", "outlet", "title") and text.startswith(("http://", "https://", "@")):
        return None
    if field == "byline":
        text = _BY.sub("", text)
        return None if len(text) > _BYLINE_MAX or text.lower() in _NOBODY else text
    return text


def _name(value: Any) -> str:
    """The words in a JSON-LD value: a string, a node with a name, or a list of either."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _name(value.get("name") or value.get("@id") or value.get("url") or "")
    if isinstance(value, list):
        return ", ".join(dict.fromkeys(name for item in value[:20] if (name := _name(item))))
    return ""


def _article_node(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """The first node of an article type, with its references to other nodes resolved."""
    named = {
        node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1
    }
    for node in nodes:
        kinds = node.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        stated = node.get("headline") or node.get("datePublished")
        if stated and any(isinstance(kind, str) and _ARTICLE_TYPE.search(kind) for kind in kinds):
            return {key: _resolved(value, named) for key, value in node.items()}
    return {}


def _resolved(value: Any, named: Mapping[str, dict[str, Any]]) -> Any:
    if isinstance(value, dict) and set(value) == {"@id"} and isinstance(value["@id"], str):
        return named.get(value["@id"], value)
    return value


def _ld_nodes(tree: HtmlElement) -> Iterator[dict[str, Any]]:
    """JSON-LD objects, outermost first; a broken block is skipped, a huge one is cut off."""
    for script in tree.xpath("//script[contains(@type, 'ld+json')]"):
        try:
            queue: list[Any] = [json.loads(script.text_content(), strict=False)]
        except (ValueError, RecursionError):
            continue
        seen = 0
        while queue and seen < _LD_NODES:
            node, seen = queue.pop(0), seen + 1
            if isinstance(node, dict):
                yield node
                queue.extend(child for child in node.values() if isinstance(child, (dict, list)))
            elif isinstance(node, list):
                queue.extend(node)


def _meta_tags(tree: HtmlElement) -> dict[str, str]:
    tags: dict[str, str] = {}
    for tag in tree.iter("meta"):
        name = (
            tag.get("property") or tag.get("name") or tag.get("itemprop") or tag.get("http-equiv")
        )
        content = (tag.get("content") or "").strip()
        if name and content:
            tags.setdefault(name.lower(), content)
    return tags


def _canonical(tree: HtmlElement) -> Iterator[tuple[str, str | None]]:
    for link in tree.xpath("//link[@rel='canonical']"):
        yield "link rel=canonical", link.get("href")


def _visible(tree: HtmlElement) -> dict[str, list[tuple[str, str | None]]]:
    """What a reader of the page sees, or its browser: first heading, byline, time, language."""
    headings = [" ".join(h.text_content().split()) for h in tree.iter("h1")]
    titles = [" ".join(t.text_content().split()) for t in tree.xpath("//head/title")]
    authors = tree.xpath("//*[@rel='author' or @itemprop='author' or @class='byline']")
    names = [" ".join(a.text_content().split()) for a in authors[:3]]
    times = tree.xpath("//time[@pubdate or @itemprop='datePublished']/@datetime") or (
        tree.xpath("//article//time/@datetime")
        + tree.xpath("//*[@itemprop='datePublished']/@content")
    )
    single = headings if len(headings) == 1 else []
    return {
        "title": [("h1", h) for h in single] + [("title", t) for t in titles[:1]],
        # Only a bare name: a byline block with a date or a handle in it is not one.
        "byline": [("the page", a) for a in names if len(a) <= 80 and not re.search(r"[\d@•|]", a)],
        "published": [("time element", str(t)) for t in times[:1]],
        "language": [("html lang", tree.get("lang"))],
    }


def _date_in_url(url: str) -> str | None:
    match = _URL_DATE.search(urlsplit(url).path)
    return "-".join(part.zfill(2) for part in match.groups()) if match else None


def _without_outlet(title: str, outlet: str, url: str | None) -> str:
    """``Headline - Outlet`` and ``Headline | Outlet`` without the outlet."""
    head, mark, tail = re.sub(r"\s+[|–—-]\s+(?=[^|–—]*$)", "\0", title).partition("\0")
    host = (urlsplit(url or "").hostname or "").removeprefix("www.").partition(".")[0]
    names = {re.sub(r"\W", "", name).lower() for name in (outlet, host) if name}
    same = re.sub(r"\W", "", tail).lower()
    if mark and head and same and any(same in name or name in same for name in names):
        return head
    return title
