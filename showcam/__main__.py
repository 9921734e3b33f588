from showcam.cli import main

main()
