"""Uploaded files."""

from typing import Any

_NAME = f"{'0' * 64}.png"

WORDS: dict[str, tuple[Any, ...]] = {
    "kind": ("What the file is, by its content (文件种类): a picture, a scene's config, a 3D model.", "image"),
    "media_type": ("Its media type (媒体类型).", "image/png"),
    "FileView.name": ("Its name (文件名): the SHA-256 of its content, and an ending.", _NAME),
    "PictureView.name": ("Its name (文件名): the SHA-256 of its content, and an ending.", _NAME),
    "FileView.size": ("Its size in bytes (文件大小).", 20480),
    "PictureView.size": ("Its size in bytes (文件大小).", 20480),
    "url": ("Where to get it (地址), a path of this service.", f"/api/v1/files/{_NAME}"),
    "width": ("Width of a picture in pixels (宽); null for what is none.", 800),
    "height": ("Height of a picture in pixels (高); null for what is none.", 600),
    "bounding_box": ("The box around what a 3D model shows (包围盒); null for what is none.", None),
    "min": ("Its lowest corner: x, y, z in metres (最小点).", [-0.5, 0.0, -0.5]),
    "max": ("Its highest corner: x, y, z in metres (最大点).", [0.5, 1.0, 0.5]),
    "approximate": ("Whether it may be larger than what is shown (是否近似).", False),
    "uploaded_as": ("The name that its sender gave it (原文件名); null where none was given.", "瓷瓶.png"),
}
