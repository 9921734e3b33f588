"""How a camera is spoken to at home: two public clients do it in two ways, to different models of EZVIZ's.

All that nobody has published is guessed here, and nowhere else:

- Nothing is sent to keep a session alive. Neither client sends anything, one of them for sessions of minutes.
- A session ends when the camera hangs up, or sends nothing for a while. No message is taken for its end.
- Closing the connections frees the camera's place. Neither client says good-bye.
- One session at once: one client opens no second one, since its doorbell did not seem to like it.
- A result other than 0 is a refusal, whatever it says.
- The whole picture alone is asked for: whether the smaller one can be, as `StreamType` "SUB", nobody has tried.
"""

from typing import NamedTuple


class Manner(NamedTuple):
    """`prepares`: a command comes before the invitation. `wraps`: the picture comes in a cipher of the session's own.

    `stays`: the connection of the invitation stays open as long as the picture lasts. `number`: of the first message.
    """

    name: str
    prepares: bool
    wraps: bool
    stays: bool
    number: int
    step: int  # from one message's number to the next
    port: int  # told to the camera, which does not use it: the picture comes on a connection of ours


PLAIN = Manner("plain", prepares=False, wraps=False, stays=True, number=16, step=1, port=10101)
WRAPPED = Manner("wrapped", prepares=True, wraps=True, stays=False, number=1, step=0, port=10105)
MANNERS = (PLAIN, WRAPPED)
CONTROL_PORT, MEDIA_PORT = 9010, 9020
