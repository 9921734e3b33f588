from showcam.app.cli import main

main()
