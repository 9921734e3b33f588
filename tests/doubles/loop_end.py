"""How the loop of a double ends while somebody is just connecting to it: nothing is left for the collector to tell."""

import asyncio

TURNS_S = 0.05  # for what takes a few turns of the loop


async def shut(server: asyncio.Server) -> None:
    """Takes no more connections; those that were taken are made first, which asyncio can't do once it is closed."""
    for listening in server.sockets:
        asyncio.get_running_loop().remove_reader(listening.fileno())
    await asyncio.sleep(TURNS_S)
    server.close()


async def let_go() -> None:
    """Ends all other tasks of this loop, after their first turn: what they began with is closed by them."""
    await asyncio.sleep(TURNS_S)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(TURNS_S)  # closed transports end in later turns
