// What the browser's cameras have in common, wherever Flash uses one.
export const areThere = () => Boolean(window.isSecureContext && navigator.mediaDevices?.getUserMedia);

// A stream of pictures about so wide: of the camera with this id, or of the one that looks at the room.
export function open(size, id) {
  const wanted = {...size, ...(id ? {deviceId: {exact: id}} : {facingMode: "environment"})};
  return navigator.mediaDevices.getUserMedia({video: wanted, audio: false});
}

export function close(stream) { for (const track of stream?.getTracks() || []) track.stop(); }

export const settings = (stream) => stream.getVideoTracks()[0].getSettings();

// Fills `select` with the cameras and hides `choice` where there is none to make. Names are told only once a camera has
// been allowed.
export async function list(stream, select, choice) {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
  const used = settings(stream).deviceId;
  select.replaceChildren(...found.map((device, at) =>
    new Option(device.label || `Camera ${at + 1}`, device.deviceId, false, device.deviceId === used)));
  choice.hidden = found.length < 2;
}
