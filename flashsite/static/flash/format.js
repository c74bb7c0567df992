// Sizes and times in words.
export function size(bytes) {
  if (!bytes) return "0 bytes";
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

// How long something will take, rounded up.
export function waiting(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

const UNITS = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];

// How long something has been or will be: "3 days 4 h", "12 min".
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.floor(seconds))} s`;
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  const [name, length] = UNITS[first];
  const [lower, part] = UNITS[first + 1];
  const count = Math.floor(seconds / length);
  const rest = Math.floor((seconds % length) / part);
  const head = name === "day" ? `${count} day${count === 1 ? "" : "s"}` : `${count} ${name}`;
  return rest && count < 5 ? `${head} ${rest} ${lower}` : head;
}
