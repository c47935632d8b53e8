"""Feeds and sitemaps: lists of articles by their addresses.

Runs on untrusted bytes: call it in the sandbox. feedparser is given bytes only, as it would
otherwise open URLs itself.
"""

from __future__ import annotations

import io
from urllib.parse import urljoin

import feedparser
from lxml import etree

from assistant.errors import ArticleError

MAX_LINKS = 50_000


def feed_links(data: bytes, *, url: str | None) -> list[str]:
    """Addresses of the entries of an RSS or Atom feed, newest first as feeds are.

    Raises:
        ArticleError: it lists no entries, or too many.
    """
    feed = feedparser.parse(io.BytesIO(data), response_headers={"content-location": url or ""})
    links = [str(entry.get("link") or "") for entry in feed.entries]
    return _usable(links, url)


def sitemap_links(data: bytes, *, url: str | None) -> tuple[list[str], bool]:
    """Addresses in a sitemap, and whether they are sitemaps themselves.

    Raises:
        ArticleError: it is damaged, or lists nothing or too much.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.LxmlError as error:
        raise ArticleError(f"the sitemap is damaged ({error})") from None
    links = [(element.text or "").strip() for element in root.iterfind("{*}*/{*}loc")]
    return _usable(links, url), etree.QName(root).localname == "sitemapindex"


def _usable(links: list[str], url: str | None) -> list[str]:
    if len(links) > MAX_LINKS:
        raise ArticleError(
            f"the feed or sitemap lists {len(links):,} addresses, and {MAX_LINKS:,} are the most "
            "that one may hold; split it"
        )
    absolute = (_absolute(url or "", link) for link in links if link)
    found = [link for link in dict.fromkeys(absolute) if link.startswith(("http://", "https://"))]
    if not found:
        raise ArticleError("the feed or sitemap lists no articles")
    return found


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:  # no address at all: fetching it will say so, and the others are good
        return link
