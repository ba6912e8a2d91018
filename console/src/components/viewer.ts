import { ModelViewerElement } from "@google/model-viewer";
import binary from "three/examples/jsm/libs/draco/gltf/draco_decoder.wasm?url";
import wrapper from "three/examples/jsm/libs/draco/gltf/draco_wasm_wrapper.js?url";

/** Draco's decoder by the names that the viewer asks for when a model needs it, which else come from a host of Google. */
const LOCATION = "draco:";
const DECODER: Record<string, string> = { [`${LOCATION}draco_wasm_wrapper.js`]: wrapper, [`${LOCATION}draco_decoder.wasm`]: binary };

Object.assign(window, { ModelViewerElement: { dracoDecoderLocation: LOCATION } }); // each viewer reads its setting there
ModelViewerElement.mapURLs((url) => DECODER[url] ?? url);
