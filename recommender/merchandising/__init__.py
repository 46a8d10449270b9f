"""The rules of the merchant and the order they give an answer."""
