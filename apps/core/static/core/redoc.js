// ReDoc shows its maker's logo, from another host, whatever its options say. The Content-Security-Policy blocks it, which
// the console reports as an error. So it is not asked for.
const FOREIGN = "https://cdn.redoc.ly/";
const { set, ...rest } = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, "src");
Object.defineProperty(HTMLImageElement.prototype, "src", {
  ...rest,
  set(value) { if (!String(value).startsWith(FOREIGN)) set.call(this, value); },
});
const setAttribute = Element.prototype.setAttribute;
HTMLImageElement.prototype.setAttribute = function (name, value) {
  if (name !== "src" || !String(value).startsWith(FOREIGN)) setAttribute.call(this, name, value);
};
