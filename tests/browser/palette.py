"""Small pictures of flat pages: PNG files with a palette, made by the browser that took them and by zlib."""

import base64
import struct
import zlib

from playwright.sync_api import Page

# The picture's commonest colours, and for each point the place of its own or of the nearest.
INDEXED = """async (png) => {
  const picture = await createImageBitmap(await (await fetch('data:image/png;base64,' + png)).blob());
  const {width, height} = picture, context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(picture, 0, 0);
  const points = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  const counts = new Map();
  for (const point of points) counts.set(point, (counts.get(point) || 0) + 1);
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const palette = colours.slice(0, MOST), parts = (c) => [c & 255, (c >> 8) & 255, (c >> 16) & 255];
  const places = new Map(palette.map((colour, n) => [colour, n]));
  for (const colour of colours.slice(MOST)) {
    const [r, g, b] = parts(colour);
    let best = 0, least = Infinity;
    palette.forEach((one, n) => {
      const [x, y, z] = parts(one), far = (r - x) ** 2 + (g - y) ** 2 + (b - z) ** 2;
      if (far < least) [best, least] = [n, far];
    });
    places.set(colour, best);
  }
  let bytes = '';
  const indexed = Uint8Array.from(points, (point) => places.get(point));
  for (let n = 0; n < indexed.length; n += 8192)
    bytes += String.fromCharCode(...indexed.subarray(n, n + 8192));
  return {width, height, palette: palette.flatMap(parts), points: btoa(bytes)};
}"""


def reduced(page: Page, png: bytes, *, colours: int = 32) -> bytes:
    """The picture in so many colours; `page` is one that is free to compute."""
    script = INDEXED.replace("MOST", str(colours))
    found = page.evaluate(script, base64.b64encode(png).decode())
    width, height, points = found["width"], found["height"], base64.b64decode(found["points"])
    rows = b"".join(b"\0" + points[row * width : (row + 1) * width] for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = (
        ("IHDR", head),
        ("PLTE", bytes(found["palette"])),
        ("IDAT", zlib.compress(rows, 9)),
        ("IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(name.encode(), data) for name, data in parts)


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
