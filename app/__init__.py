"""The merchant-side backend of a metaverse e-commerce platform."""

__version__ = "0.1.0"
