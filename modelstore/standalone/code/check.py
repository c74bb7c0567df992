# %%
missing = kept_apart.total()
print(f"{len(train)} to learn from, {len(validation)} to measure on")
if not len(validation):
    raise SystemExit(f"{DATA} holds nothing that {VALIDATION} lists.")
if missing or len(train) != TRAINED_ON:
    print(
        f"Flash learned from {TRAINED_ON} and measured on {len(validation) + missing}:"
        " this is not quite the same data, so the accuracy will not be quite the same."
    )
