"""Where Lakeside's cloud is, and how people sign in to it. The test of the whole program writes its own."""

from showcam.drivers.vendor import Manner

HOST = "cloud.lakeside.example"
MANNER: Manner = "page"
