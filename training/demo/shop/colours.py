"""The shop's colours: by name, and by association with a flavour or a scent."""

NAMED_COLOURS = {
    "Sage": ("#9caf92", "a soft grey-green"),
    "Oatmeal": ("#d8c5a5", "warm, flecked and easy to live with"),
    "Ink Blue": ("#3f5878", "deep and a little uneven, like ink on wet paper"),
    "Terracotta": ("#c9785a", "the colour of old flower pots"),
    "Chalk": ("#e6e1d6", "off-white and matt"),
    "Forest": ("#4c6b57", "a dark, quiet green"),
    "Graphite": ("#646a70", "almost black, never harsh"),
    "Copper": ("#c08457", "bright now, mellow in a year"),
    "Mustard": ("#d9a441", "sunny without shouting"),
    "Blush": ("#dfb0a2", "pale pink with some clay in it"),
    "Clear": ("#b9d3d6", "clear as the water in it"),
    "Smoke": ("#8d9399", "a breath of grey"),
    "Amber": ("#cf9350", "the gold of old medicine bottles"),
}
ASSOCIATIONS = {
    "#a596bf": ("Lavender", "Damson", "Geranium", "Sweet Pea"),
    "#c9697a": ("Raspberry", "Rose", "Rose Hip", "Tomato", "Salmon", "Tomatoes"),
    "#df9a45": ("Orange", "Apricot", "Orange Clove", "Peanut", "Cheese", "Grapefruit", "Ceylon"),
    "#e0bf55": (
        "Lemon",
        "Acacia",
        "Lemon & Ginger",
        "Chamomile",
        "Chicken",
        "Plain",
        "Lime Tree",
        "Oat & Honey",
    ),
    "#7f9d78": ("Peppermint", "Sencha", "Basil", "Nettle", "Fig Leaf", "Fig", "Rosemary", "Salad Leaves"),
    "#6f9aa5": ("Sea Salt", "Tuna", "Earl Grey", "Pine", "Milk & Sea Salt", "Size 2, 80 sheets"),
    "#7a5a48": ("Brazil", "70 % Dark", "Moka", "Hazelnut", "Chestnut", "Cedar & Smoke", "Venison"),
    "#b4674c": (
        "Ethiopia",
        "Assam",
        "Lamb",
        "Bourbon",
        "Sumatra",
        "Tellicherry Pepper",
        "Stem Ginger",
        "Heather",
    ),
    "#cdbd97": ("White Tea", "Oat", "Unscented", "Genmaicha", "Shortbread", "Jasmine", "Coconut"),
}
PALETTE = ("#8fa68a", "#c98a6b", "#5f7d95", "#d6b15f", "#a8849b", "#6f8f86", "#b86f5d", "#7d88a8")
_BY_NAME = {name: tone for tone, names in ASSOCIATIONS.items() for name in names}


def colour_of(variant: str, fallback: int) -> str:
    """The hex colour that a variant's name calls for, else one of the palette by number."""
    if variant in NAMED_COLOURS:
        return NAMED_COLOURS[variant][0]
    return _BY_NAME.get(variant, PALETTE[fallback % len(PALETTE)])


def mixed(colour: str, other: str, share: float) -> str:
    """A hex colour moved towards another; share 0 is the first, 1 the second."""
    pairs = zip(bytes.fromhex(colour[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()
