"""The scenes that merchants build, and the scene bases that they build them on."""
