// Sizes and times in words.
const SIZES = [["GB", 2 ** 30], ["MB", 2 ** 20], ["KB", 2 ** 10]];

// As the server writes it on the same pages: 1 KB are 1,024 bytes.
export function size(bytes) {
  const [name, length] = SIZES.find(([, least]) => bytes >= least) || ["", 0];
  if (length) return `${(bytes / length).toFixed(1)} ${name}`;
  return bytes === 1 ? "1 byte" : `${bytes} bytes`;
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
